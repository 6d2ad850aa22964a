import { expect } from 'chai';
import fc from 'fast-check';
import { unhandled } from '../support/wait.js';
import { ClusterPlay } from './cluster/cluster-play.js';
import {
  clusterSetting,
  describeClusterScene,
  FAMILIES,
  type Family,
} from './cluster/cluster-scenes.js';
import { InOrder } from './cluster/in-order.js';
import { STORIES } from './cluster/known-stories.js';
import { withRandom } from './scheduler/random.js';

/**
 * CLUSTER_RUNS=1000 for more of each family. The message of a failure says with which seed and path it is played
 * again (CLUSTER_REPLAY="near 123 4:5"); with CLUSTER_SHRINK=off it comes at once.
 */
const RUNS = Number(process.env.CLUSTER_RUNS ?? 30);
const SECONDS = process.env.CLUSTER_RUNS === undefined ? 2 : 86_400;
const MUST_SHRINK = process.env.CLUSTER_SHRINK !== 'off';
const REPLAY = process.env.CLUSTER_REPLAY?.split(' ');

describe('every order of replies, messages, timers and calls before a cluster', () => {
  for (const [family, title] of [
    [
      'near',
      'near: no value is older than maxStale, own changes are seen, and reads never go back',
    ],
    [
      'failover',
      'failover: nothing deleted comes back, and no command goes to a server that was replaced',
    ],
    ['moves', 'slots that move: no value of a generation that has ended'],
  ] as const) {
    it(title, async function () {
      this.timeout(Number.POSITIVE_INFINITY);
      if (REPLAY !== undefined && REPLAY[0] !== family) this.skip();
      const { runs, answered, failure } = await check(family);
      if (failure !== undefined) expect.fail(failure);
      console.log(
        `      ${runs} histories; ${answered.near} near hits, ${answered.redis} of Redis`,
      );
      expect(answered.redis).to.be.above(0);
    });
  }
});

/** Without them a rule is broken only in few of many generated histories. */
describe('histories before a cluster that show what a rule is for', () => {
  for (const { title, journalMax = 100, scenes } of STORIES) {
    it(title, async function () {
      this.timeout(30_000);
      const setting = { caches: 2, ttl: 60_000, outageTtl: 30_000, memoryMax: 100 } as const;
      const given = { ...setting, journalMax, commandTimeout: 100, isTagged: false };
      const stage = new ClusterPlay(new InOrder(), given);
      await withRandom(1, () => stage.run(scenes));
      const { violations, trace } = stage.oracle;
      if (violations.length > 0) expect.fail([...violations, ...trace].join('\n'));
    });
  }
});

async function check(family: Family): Promise<{
  readonly runs: number;
  readonly answered: { near: number; redis: number };
  readonly failure: string | undefined;
}> {
  let trace: readonly string[] = [];
  const answered = { near: 0, redis: 0 };
  const endsAt = performance.now() + SECONDS * 1_000;
  let runs = 0;
  const property = fc.asyncProperty(
    fc.scheduler(),
    clusterSetting,
    FAMILIES[family],
    fc.nat(),
    async (scheduler, given, scenes, random) => {
      if (runs > 0 && performance.now() > endsAt) return;
      runs++;
      const loose = unhandled();
      const stage = new ClusterPlay(scheduler, given);
      await withRandom(random, () => stage.run(scenes));
      answered.near += stage.answered.near;
      answered.redis += stage.answered.redis;
      for (const error of loose.stop()) stage.oracle.fail('I6', `unhandled: ${error}`);
      const { violations } = stage.oracle;
      if (violations.length === 0) return;
      trace = stage.oracle.trace;
      throw new Error(violations.join('\n'));
    },
  );
  const [, seed, path] = REPLAY ?? [];
  const result = await fc.check(property, {
    numRuns: RUNS,
    endOnFailure: !MUST_SHRINK || path !== undefined,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  });
  const { failed, errorInstance } = result;
  if (!failed) return { runs, answered, failure: undefined };
  const [, given, scenes = []] = result.counterexample ?? [];
  const failure = [
    `${errorInstance instanceof Error ? (errorInstance.stack ?? '') : errorInstance}`,
    `Replay: CLUSTER_REPLAY="${family} ${result.seed} ${result.counterexamplePath}"`,
    JSON.stringify(given),
    ...scenes.map((scene) => `  ${describeClusterScene(scene)}`),
    'What happened when it failed last:',
    ...trace,
  ].join('\n');
  return { runs, answered, failure };
}
