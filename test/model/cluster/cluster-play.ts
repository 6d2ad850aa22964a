import { mistakeIn } from '../oracle/applied.js';
import { Oracle } from '../oracle/oracle.js';
import { Cast } from '../performer/cast.js';
import { Finale } from '../performer/finale.js';
import { Performer } from '../performer/performer.js';
import type { Theatre } from '../performer/theatre.js';
import { act, settled } from '../scheduler/settled.js';
import { type ProcessClock, SteppedTime } from '../scheduler/stepped-time.js';
import type { Setting } from '../setting.js';
import { ClusterActor } from './cluster-actor.js';
import { ClusterFate } from './cluster-fate.js';
import { type ClusterScene, describeClusterScene } from './cluster-scenes.js';
import type { Order } from './in-order.js';
import { ModelCluster } from './model-cluster.js';

/** Time goes on in steps of this much at most, and each step is rarer than other events. */
const STEP_MS = 10;
const TURNS_PER_STEP = 3;
const IDLE_STEP_MS = 1_000;

/** What the steps may add to a time. */
const SLACK = 60;

const MAX_STALE_MS = 250;

/** The pause between two rounds of questions about the topology, and a round. */
const NOTICED_WITHIN_MS = 6_500;

const NORMAL_WITHIN_MS = 10_000;

/** So many reads make a key near, if nothing happens meanwhile. */
const WARMING_READS = 5;

/** One play before a cluster: every event comes when the scheduler says. */
export class ClusterPlay {
  readonly oracle: Oracle;
  /** How many reads each tier answered, as far as that is known. */
  readonly answered = { near: 0, redis: 0 };
  readonly #scheduler: Order;
  readonly #setting: Setting;
  readonly #time = new SteppedTime();
  readonly #clock = this.#time.newClock();
  readonly #cluster: ModelCluster;
  readonly #theatre: Theatre;
  readonly #performer: Performer;
  readonly #cast: Cast<ClusterActor>;
  readonly #fate: ClusterFate;
  /** Events that wait for their turn. */
  #waiting = 0;
  #isOver = false;

  constructor(scheduler: Order, setting: Setting) {
    this.#scheduler = scheduler;
    this.#setting = setting;
    const cast = new Cast<ClusterActor>(setting);
    this.#cast = cast;
    const now = (): number => this.#time.now();
    this.oracle = new Oracle(
      { ...setting, slack: SLACK, maxStale: MAX_STALE_MS },
      {
        now,
        errorMs: (name) => cast.errorMs(name),
        undisturbedSince: (name) =>
          cast.named(name)?.life.undisturbedSince ?? Number.POSITIVE_INFINITY,
        mayUseReplaced: (name, key) => {
          const rivalled = this.#cluster.rivalledBy(key);
          return rivalled !== undefined && cast.named(name)?.knows(rivalled) !== true;
        },
      },
    );
    const { timeline } = this.oracle;
    this.#cluster = new ModelCluster(
      () => this.#time.wallNow(),
      (key, serial) => timeline.saw(key, serial),
    );
    this.#theatre = {
      oracle: this.oracle,
      setting,
      now,
      spent: ({ name }) => cast.named(name)?.life.clock.lived() ?? 0,
      lateMs: () => 0,
      wait: ({ name }, ms) => this.#wait(cast.named(name)?.life.clock ?? this.#clock, ms),
      turns: settled,
      checkApplied: (change, key, value) => {
        if (this.#cluster.generationFor(key) === undefined) return;
        const found = this.#cluster.reachable(key);
        // Until its process has noticed it, what it sets carries the generation of before (ADR 21).
        const isOfBefore = now() - this.#fate.recordsMovedMs <= NOTICED_WITHIN_MS;
        if (found === undefined && isOfBefore) return;
        if (this.#cluster.rivalledBy(key) !== undefined) return;
        const claimed = { change, key, value, found, nowMs: now(), ttl: setting.ttl };
        const mistake = mistakeIn(this.oracle, claimed);
        if (mistake !== undefined) this.oracle.fail('I7', mistake);
      },
    };
    this.#performer = new Performer(this.#theatre);
    this.#fate = new ClusterFate({
      oracle: this.oracle,
      cluster: this.#cluster,
      actors: cast.players,
      mayMoveBack: setting.journalMax > 1,
    });
  }

  async run(scenes: readonly ClusterScene[]): Promise<void> {
    for (let i = 0; i < this.#setting.caches; i++) this.#join();
    void this.#passTime();
    try {
      await this.#scheduler.waitFor(this.#perform(scenes), act);
    } finally {
      this.#isOver = true;
      // No time passes any more, so those that wait for an answer wait for ever.
      for (const { cache } of this.#cast.players) void cache.close();
      await settled();
    }
  }

  /** While nothing is on its way, time goes on to the next timer. */
  async #passTime(): Promise<void> {
    while (!this.#isOver) {
      await settled();
      if (this.#waiting === 0) {
        this.#time.step(IDLE_STEP_MS);
        continue;
      }
      for (let turn = 0; turn < TURNS_PER_STEP; turn++) await this.#turn('time');
      this.#time.step(STEP_MS);
    }
  }

  async #perform(scenes: readonly ClusterScene[]): Promise<void> {
    await this.#untilNormal();
    for (const scene of scenes) {
      await this.#turn('next scene');
      this.oracle.note(describeClusterScene(scene));
      await this.#act(scene);
    }
    this.oracle.note('-- all faults end');
    const { players, pending } = this.#cast;
    for (const actor of players) {
      actor.goOn();
      actor.suffer('flow');
    }
    this.#fate.endAll();
    const finale = new Finale(this.#theatre, this.#performer.reads);
    await finale.allAnswered(players[0] as ClusterActor, pending);
    await finale.compareAll(players);
  }

  async #untilNormal(): Promise<void> {
    const giveUpMs = this.#time.now() + NORMAL_WITHIN_MS;
    const isNormal = ({ cache }: ClusterActor): boolean => cache.status().mode === 'normal';
    while (!this.#cast.players.every(isNormal) && this.#time.now() < giveUpMs) {
      await this.#wait(this.#clock, STEP_MS);
    }
    this.#mustBeNormal();
  }

  #mustBeNormal(): void {
    for (const { name, cache } of this.#cast.players) {
      const { mode, reason } = cache.status();
      if (mode !== 'normal') this.oracle.fail('I2', `${name} is ${mode} (${reason})`);
    }
  }

  async #act(scene: ClusterScene): Promise<void> {
    switch (scene.do) {
      case 'pause':
        return this.#wait(this.#clock, scene.ms);
      case 'warm':
        return this.#warm(this.#cast.at(scene.at), scene.key);
      case 'join':
        return this.#join();
      case 'mustBeNormal':
        return this.#mustBeNormal();
      case 'stall':
      case 'flow':
      case 'cut':
      case 'cutGhostly':
      case 'refuse':
      case 'loseReply':
        return this.#cast.at(scene.at).suffer(scene.do, this.#cluster.nodes[scene.node]);
      case 'stop':
        return this.#cast.at(scene.at).stop();
      case 'goOn':
        return this.#cast.at(scene.at).goOn();
      case 'freeze':
      case 'thaw':
      case 'fullTable':
      case 'moveRecords':
        return this.#fate[scene.do](scene.share);
      case 'promote':
        return this.#fate.promote(scene.share, scene.commands);
      case 'isolate':
      case 'hear':
        return this.#fate[scene.do](scene.node);
      case 'move':
      case 'evict':
        return this.#fate[scene.do](`k${scene.key}`);
      default: {
        const actor = this.#cast.at(scene.at);
        if (!actor.life.isRunning) return;
        const done = this.#performer.call(actor, scene);
        this.#cast.follow(done, actor);
        if (scene.wait) await Promise.race([done, actor.life.untilStopped]);
      }
    }
  }

  async #warm(actor: ClusterActor, key: number): Promise<void> {
    const at = this.#cast.players.indexOf(actor);
    const load = { do: 'getOrSet', loadMs: 0, nested: 'none' } as const;
    await this.#act({ ...load, at, key, wait: true, req: true });
    for (let i = 0; i < WARMING_READS && actor.life.isRunning; i++) {
      await this.#act({ do: 'get', at, key, wait: true, req: true });
    }
  }

  #join(): void {
    const name = this.#cast.nextName;
    if (name === undefined) return;
    const actor = new ClusterActor({
      name,
      setting: this.#setting,
      maxStale: MAX_STALE_MS,
      cluster: this.#cluster,
      time: this.#time,
      oracle: this.oracle,
      turn: (label) => this.#turn(label),
    });
    this.#performer.watch(actor, false);
    actor.cache.on('lookup', ({ tier }) => {
      if (tier === 'near' || tier === 'redis') this.answered[tier]++;
    });
    this.#cast.add(actor);
  }

  async #turn(label: string): Promise<void> {
    this.#waiting++;
    await this.#scheduler.schedule(Promise.resolve(), label);
    this.#waiting--;
  }

  async #wait(clock: ProcessClock, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      clock.setTimer(resolve, ms);
    });
    await this.#turn('goes on');
  }
}
