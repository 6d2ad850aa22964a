import { expect } from 'chai';
import fc from 'fast-check';
import { buildCache } from '../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../lib/cache/parse-options.js';
import { SingleRemote } from '../../lib/redis/single.js';
import { ScriptedNetwork } from '../../lib/testing/scripted-network.js';
import { ScriptedRedis } from '../../lib/testing/scripted-redis/scripted-redis.js';
import { unhandled } from '../support/wait.js';
import { type Call, call, describeStep, nameOf, type Setting, setting } from './history.js';
import { Oracle } from './oracle.js';
import { LEASE_WAIT, Performer, type Player } from './performer.js';
import { withRandom } from './scheduler/random.js';
import { SteppedTime } from './scheduler/stepped-time.js';

/** Time goes on in steps of this much at most. */
const STEP_MS = 10;

/** What the steps may add to a time. */
const SLACK = 60;

type Trouble =
  | { readonly do: 'pause'; readonly ms: number }
  | { readonly do: 'stall' | 'flow' | 'cut' | 'cutGhostly' | 'refuse'; readonly at: number }
  | { readonly do: 'save' | 'restart' | 'restartEmpty' }
  | { readonly do: 'clock'; readonly ms: number };

type Scene = Call | Trouble;

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({ do: fc.constant('pause' as const), ms: fc.constantFrom(5, 30, 120, 600) }),
  fc.record({
    do: fc.constantFrom(
      'stall' as const,
      'flow' as const,
      'cut' as const,
      'cutGhostly' as const,
      'refuse' as const,
    ),
    at: fc.nat(2),
  }),
  fc.record({ do: fc.constantFrom('save' as const, 'restart' as const, 'restartEmpty' as const) }),
  fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(150, 400) }),
);

/** Two caches and hardly more than one key, so that things meet. */
const crowded = call.map(
  (each): Call => ({ ...each, key: each.key === 2 ? 1 : 0, at: each.at % 2 }),
);

const crowdedSetting = setting.map((given): Setting => ({ ...given, caches: 2 }));

const scenes = fc.array(
  fc.oneof({ weight: 2, arbitrary: crowded }, { weight: 1, arbitrary: trouble }),
  { minLength: 3, maxLength: 20, size: 'max' },
);

function describeScene(scene: Scene): string {
  switch (scene.do) {
    case 'stall':
    case 'flow':
    case 'cut':
    case 'cutGhostly':
    case 'refuse':
      return `${nameOf(scene.at)}: network ${scene.do}`;
    case 'clock':
      return `Redis: its clock is put on by ${scene.ms} ms`;
    default:
      return describeStep(scene);
  }
}

interface Actor extends Player {
  readonly network: ScriptedNetwork;
}

/** One play: every command, reply, connection, loader, step of time and call comes when the scheduler says. */
class Play {
  readonly oracle: Oracle;
  readonly #scheduler: fc.Scheduler;
  readonly #setting: Setting;
  readonly #time = new SteppedTime();
  readonly #clock = this.#time.newClock();
  readonly #redis: ScriptedRedis;
  readonly #performer: Performer;
  readonly #actors: Actor[] = [];
  readonly #pending = new Set<Promise<void>>();
  #isOver = false;

  constructor(scheduler: fc.Scheduler, given: Setting) {
    this.#scheduler = scheduler;
    this.#setting = given;
    const startedMs = this.#time.now();
    const now = (): number => this.#time.now() - startedMs;
    this.#redis = new ScriptedRedis(() => this.#time.wallNow());
    this.oracle = new Oracle({ ...given, slack: SLACK }, now);
    const wait = (ms: number): Promise<void> => this.#wait(ms);
    this.#performer = new Performer({
      oracle: this.oracle,
      setting: given,
      now,
      spent: now,
      wait,
    });
  }

  async run(play: readonly Scene[]): Promise<void> {
    this.#build();
    void this.#passTime();
    try {
      await this.#scheduler.waitFor(this.#perform(play), settled);
    } finally {
      this.#isOver = true;
      for (const { cache } of this.#actors) await cache.close();
      await settled(async () => {});
    }
  }

  #build(): void {
    const { caches, ttl, outageTtl, journalMax, memoryMax, commandTimeout } = this.#setting;
    for (let at = 0; at < caches; at++) {
      const name = nameOf(at);
      const network = new ScriptedNetwork(name, this.#redis, (label, then) => {
        void this.#turn(label).then(then);
      });
      const config = parseCacheOptions({
        redis: () => network.createClient(),
        ttl,
        commandTimeout,
        leaseWait: LEASE_WAIT,
        memory: { max: memoryMax, outageTtl },
        journal: { max: journalMax },
        logger: {
          info: () => {},
          error: () => {},
          warn: (line: string) => {
            actor.hasOverflowed ||= line.includes('writes wait for Redis');
          },
        },
      });
      const clock = this.#time.newClock();
      const source = config.redis;
      if (source === undefined) throw new Error('there is a Redis');
      const remote = new SingleRemote({ ...config, source, clock });
      const cache = buildCache(config, { clock, remote });
      const actor: Actor = { name, cache, network, hasOverflowed: false };
      this.#performer.watch(actor);
      this.#actors.push(actor);
    }
  }

  async #passTime(): Promise<void> {
    while (!this.#isOver) {
      await this.#turn('time');
      this.#time.step(STEP_MS);
    }
  }

  async #perform(play: readonly Scene[]): Promise<void> {
    for (const scene of play) {
      await this.#turn('next scene');
      this.oracle.note(describeScene(scene));
      await this.#act(scene);
    }
    this.oracle.note('-- all faults end');
    for (const { network } of this.#actors) {
      network.admit();
      network.flow();
    }
    await Promise.all(this.#pending);
    await this.#performer.compareAll(this.#actors);
  }

  async #act(scene: Scene): Promise<void> {
    const networks = this.#actors.map(({ network }) => network);
    const network = 'at' in scene ? networks[scene.at % networks.length] : undefined;
    switch (scene.do) {
      case 'pause':
        return this.#wait(scene.ms);
      case 'stall':
        return network?.stall();
      case 'flow':
        if (network !== undefined) network.admit();
        return network?.flow();
      case 'cut':
      case 'cutGhostly':
        return network?.cut({ ghostly: scene.do === 'cutGhostly' });
      case 'refuse':
        if (network !== undefined) network.refuse();
        return network?.cut();
      case 'save':
        return this.#redis.save();
      case 'restart':
      case 'restartEmpty':
        this.#performer.restarted();
        return this.#redis.restart({ from: scene.do === 'restartEmpty' ? 'nothing' : 'dump' });
      case 'clock':
        this.#redis.stepClock(scene.ms);
        this.oracle.clockWasSet(scene.ms);
        return;
      default: {
        const actor = this.#actors[scene.at % this.#actors.length];
        if (actor === undefined) return;
        const done = this.#performer.call(actor, scene);
        this.#pending.add(done);
        void done.finally(() => this.#pending.delete(done));
        if (scene.wait) await done;
      }
    }
  }

  #turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#clock.setTimer(resolve, ms);
    });
    await this.#turn('goes on');
  }
}

/** Lets everything that follows from one event happen before the next. */
async function settled(work: () => Promise<void>): Promise<void> {
  await work();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

/** SCHEDULER_RUNS=5000 for more; the message of a failure says with which seed and path it is played again. */
const RUNS = Number(process.env.SCHEDULER_RUNS ?? 150);
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
      interruptAfterTimeLimit: RUNS * 1_000,
      ...(seed === undefined ? {} : { seed: Number(seed), endOnFailure: true }),
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
