import { expect } from 'chai';
import fc from 'fast-check';
import { unhandled } from '../support/wait.js';
import { Play } from './scheduler/play.js';
import { withRandom } from './scheduler/random.js';
import { crowdedSetting, describeScene, scenes } from './scheduler/scenes.js';

/**
 * SCHEDULER_RUNS=5000 for more, SCHEDULER_SECONDS=600 for longer. The message of a failure says with which seed
 * and path it is played again; with SCHEDULER_SHRINK=off it comes at once.
 */
const RUNS = Number(process.env.SCHEDULER_RUNS ?? 150);
const SECONDS = Number(process.env.SCHEDULER_SECONDS ?? (RUNS > 150 ? 86_400 : 25));
const MUST_SHRINK = process.env.SCHEDULER_SHRINK !== 'off';
const REPLAY = process.env.SCHEDULER_REPLAY?.split(' ');

describe('every order of replies, timers, loaders and calls', () => {
  it('keeps every promise', async function () {
    this.timeout(Number.POSITIVE_INFINITY);
    let trace: readonly string[] = [];
    const property = fc.asyncProperty(
      fc.scheduler(),
      crowdedSetting,
      scenes,
      fc.nat(),
      async (scheduler, given, play, random) => {
        const loose = unhandled();
        const stage = new Play(scheduler, given);
        await withRandom(random, () => stage.run(play));
        for (const error of loose.stop()) stage.oracle.fail('I6', `unhandled: ${error}`);
        const { violations } = stage.oracle;
        if (violations.length === 0) return;
        trace = stage.oracle.trace;
        throw new Error(violations.join('\n'));
      },
    );
    const [seed, path] = REPLAY ?? [];
    const result = await fc.check(property, {
      numRuns: RUNS,
      endOnFailure: !MUST_SHRINK || path !== undefined,
      interruptAfterTimeLimit: SECONDS * 1_000,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path }),
    });
    if (!result.failed) return;
    const [, given, play = []] = result.counterexample ?? [];
    expect.fail(
      [
        `${result.errorInstance instanceof Error ? (result.errorInstance.stack ?? '') : result.errorInstance}`,
        `Replay: SCHEDULER_REPLAY="${result.seed} ${result.counterexamplePath}"`,
        JSON.stringify(given),
        ...play.map((scene) => `  ${describeScene(scene)}`),
        'What happened when it failed last:',
        ...trace,
      ].join('\n'),
    );
  });
});
