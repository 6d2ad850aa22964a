import type fc from 'fast-check';
import { mistakeIn } from '../oracle/applied.js';
import { Oracle } from '../oracle/oracle.js';
import { Cast } from '../performer/cast.js';
import { Finale } from '../performer/finale.js';
import { Performer } from '../performer/performer.js';
import type { Theatre } from '../performer/theatre.js';
import type { Setting } from '../setting.js';
import { Actor } from './actor.js';
import { Fate } from './fate.js';
import { describeScene, isFault, type Scene } from './scenes.js';
import { Server } from './server.js';
import { act, settled } from './settled.js';
import { type ProcessClock, SteppedTime } from './stepped-time.js';

/** Time goes on in steps of this much at most. */
const STEP_MS = 10;

/** What the steps may add to a time. */
const SLACK = 60;

/** One play: every command, reply, connection, loader, step of time and call comes when the scheduler says. */
export class Play {
  readonly oracle: Oracle;
  readonly #scheduler: fc.Scheduler;
  readonly #setting: Setting;
  readonly #time = new SteppedTime();
  readonly #clock = this.#time.newClock();
  readonly #server = new Server(() => this.#time.wallNow());
  readonly #theatre: Theatre;
  readonly #performer: Performer;
  readonly #cast: Cast<Actor>;
  readonly #fate: Fate;
  #hasFault = false;
  #isOver = false;

  constructor(scheduler: fc.Scheduler, setting: Setting) {
    this.#scheduler = scheduler;
    this.#setting = setting;
    const cast = new Cast<Actor>(setting);
    this.#cast = cast;
    const now = (): number => this.#time.now();
    this.oracle = new Oracle(
      { ...setting, slack: SLACK },
      {
        now,
        errorMs: (name) => cast.errorMs(name),
        undisturbedSince: (name) =>
          cast.named(name)?.life.undisturbedSince ?? Number.POSITIVE_INFINITY,
      },
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
        if (this.#server.generation === undefined) return;
        const found = this.#server.reachable(key);
        const claimed = { change, key, value, found, nowMs: now(), ttl: setting.ttl };
        const mistake = mistakeIn(this.oracle, claimed);
        if (mistake !== undefined) this.oracle.fail('I7', mistake);
      },
    };
    this.#performer = new Performer(this.#theatre);
    this.#fate = new Fate({ oracle: this.oracle, server: this.#server, actors: cast.players });
  }

  async run(scenes: readonly Scene[]): Promise<void> {
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

  async #passTime(): Promise<void> {
    while (!this.#isOver) {
      await this.#turn('time');
      this.#time.step(STEP_MS);
    }
  }

  async #perform(scenes: readonly Scene[]): Promise<void> {
    for (const scene of scenes) {
      await this.#turn('next scene');
      this.oracle.note(describeScene(scene));
      this.#hasFault ||= isFault(scene);
      await this.#act(scene);
    }
    this.oracle.note('-- all faults end');
    this.#endFaults();
    const { living, pending } = this.#cast;
    const finale = new Finale(this.#theatre, this.#performer.reads);
    await finale.allAnswered(living[0] as Actor, pending);
    await finale.compareAll(living);
  }

  #endFaults(): void {
    const { redis } = this.#server;
    for (const actor of this.#cast.living) {
      this.#goOn(actor);
      actor.suffer('flow');
      actor.slow(0);
    }
    redis.accept();
    redis.thaw();
    this.#server.promote();
  }

  async #act(scene: Scene): Promise<void> {
    switch (scene.do) {
      case 'pause':
        return this.#wait(this.#clock, scene.ms);
      case 'join':
        return this.#join();
      case 'stall':
      case 'flow':
      case 'cut':
      case 'cutGhostly':
      case 'refuse':
      case 'loseReply':
        return this.#cast.at(scene.at).suffer(scene.do);
      case 'slow':
        return this.#cast.at(scene.at).slow(scene.ms);
      case 'stop':
      case 'sleep':
        return this.#cast.at(scene.at).stop({ isAsleep: scene.do === 'sleep' });
      case 'goOn':
        return this.#goOn(this.#cast.at(scene.at));
      case 'die':
        return this.#die(this.#cast.at(scene.at));
      case 'hang':
      case 'thaw':
      case 'save':
      case 'restart':
      case 'restartEmpty':
      case 'restartWithout':
      case 'demote':
      case 'promote':
      case 'flushScripts':
      case 'fill':
      case 'empty':
      case 'evict':
      case 'clock':
        return this.#fate.strike(scene);
      default: {
        const actor = this.#cast.at(scene.at);
        if (!actor.life.isRunning) return;
        const done = this.#performer.call(actor, scene);
        this.#cast.follow(done, actor);
        if (scene.wait) await Promise.race([done, actor.life.untilStopped]);
      }
    }
  }

  #join(): void {
    const name = this.#cast.nextName;
    if (name === undefined) return;
    const actor = new Actor({
      name,
      setting: this.#setting,
      redis: this.#server.redis,
      time: this.#time,
      turn: (label) => this.#turn(label),
      onFlush: () => this.oracle.mayFlush(name),
    });
    this.#performer.watch(actor);
    this.#watchCalm(actor);
    this.#cast.add(actor);
  }

  /** I8. That everything arrives in time is the scheduler's business. */
  #watchCalm({ name, cache }: Actor): void {
    cache.on('modechange', ({ from, to, reason }) => {
      if (from !== 'normal' || this.#hasFault) return;
      const delayMs = Math.max(...this.#cast.players.map(({ life }) => life.longestDelayMs));
      if (delayMs >= this.#setting.commandTimeout / 2) return;
      this.oracle.fail('I8', `${name} is ${to} (${reason}) without a fault`);
    });
  }

  #goOn(actor: Actor): void {
    const sleptMs = actor.goOn();
    if (sleptMs > 0) this.oracle.residues.clockWasSet(this.#time.now(), sleptMs);
  }

  #die(actor: Actor): void {
    if (this.#cast.living.length === 1 || actor.isDead) return;
    actor.die();
    this.#cast.forget(actor);
  }

  #turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  async #wait(clock: ProcessClock, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      clock.setTimer(resolve, ms);
    });
    await this.#turn('goes on');
  }
}
