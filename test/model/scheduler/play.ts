import type fc from 'fast-check';
import { nameOf } from '../calls.js';
import { mistakeIn } from '../oracle/applied.js';
import { Oracle } from '../oracle/oracle.js';
import { Finale } from '../performer/finale.js';
import { Performer } from '../performer/performer.js';
import { errorMsOf, type Theatre } from '../performer/theatre.js';
import type { Setting } from '../setting.js';
import { Actor } from './actor.js';
import { Fate } from './fate.js';
import { describeScene, isFault, type Scene } from './scenes.js';
import { Server } from './server.js';
import { act, settled } from './settled.js';
import { SteppedTime } from './stepped-time.js';

/** Time goes on in steps of this much at most. */
const STEP_MS = 10;

/** What the steps may add to a time. */
const SLACK = 60;

/** So many processes at most. */
const MOST_ACTORS = 4;

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
  readonly #actors: Actor[] = [];
  readonly #fate: Fate;
  /** By calls that are not answered. */
  readonly #pending = new Map<Promise<void>, Actor>();
  #hasFault = false;
  #isOver = false;

  constructor(scheduler: fc.Scheduler, setting: Setting) {
    this.#scheduler = scheduler;
    this.#setting = setting;
    const now = (): number => this.#time.now();
    this.oracle = new Oracle(
      { ...setting, slack: SLACK },
      {
        now,
        errorMs: (name) => this.#errorMs(name),
        undisturbedSince: (name) => this.#named(name)?.undisturbedSince ?? Number.POSITIVE_INFINITY,
      },
    );
    this.#theatre = {
      oracle: this.oracle,
      setting,
      now,
      spent: ({ name }) => this.#named(name)?.clock.lived() ?? 0,
      lateMs: () => 0,
      wait: ({ name }, ms) => this.#wait(this.#named(name)?.clock ?? this.#clock, ms),
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
    this.#fate = new Fate({ oracle: this.oracle, server: this.#server, actors: this.#actors });
  }

  async run(scenes: readonly Scene[]): Promise<void> {
    for (let i = 0; i < this.#setting.caches; i++) this.#join();
    void this.#passTime();
    try {
      await this.#scheduler.waitFor(this.#perform(scenes), act);
    } finally {
      this.#isOver = true;
      // No time passes any more, so those that wait for an answer wait for ever.
      for (const { cache } of this.#actors) void cache.close();
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
    const living = this.#actors.filter(({ isDead }) => !isDead);
    const finale = new Finale(this.#theatre, this.#performer.reads);
    await finale.allAnswered(living[0] as Actor, this.#pending);
    await finale.compareAll(living);
  }

  #endFaults(): void {
    const { redis } = this.#server;
    for (const actor of this.#actors.filter(({ isDead }) => !isDead)) {
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
        return this.#at(scene.at).suffer(scene.do);
      case 'slow':
        return this.#at(scene.at).slow(scene.ms);
      case 'stop':
      case 'sleep':
        return this.#at(scene.at).stop({ isAsleep: scene.do === 'sleep' });
      case 'goOn':
        return this.#goOn(this.#at(scene.at));
      case 'die':
        return this.#die(this.#at(scene.at));
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
        const actor = this.#at(scene.at);
        if (!actor.isRunning) return;
        const done = this.#performer.call(actor, scene);
        this.#pending.set(done, actor);
        void done.finally(() => this.#pending.delete(done));
        if (scene.wait) await Promise.race([done, this.#whileRunning(actor)]);
      }
    }
  }

  #join(): void {
    if (this.#actors.length === MOST_ACTORS) return;
    const name = nameOf(this.#actors.length);
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
    this.#actors.push(actor);
  }

  /** I8. That everything arrives in time is the scheduler's business. */
  #watchCalm({ name, cache }: Actor): void {
    cache.on('modechange', ({ from, to, reason }) => {
      if (from !== 'normal' || this.#hasFault) return;
      const delayMs = Math.max(...this.#actors.map(({ longestDelayMs }) => longestDelayMs));
      if (delayMs >= this.#setting.commandTimeout / 2) return;
      this.oracle.fail('I8', `${name} is ${to} (${reason}) without a fault`);
    });
  }

  #goOn(actor: Actor): void {
    const sleptMs = actor.goOn();
    if (sleptMs > 0) this.oracle.residues.clockWasSet(this.#time.now(), sleptMs);
  }

  #die(actor: Actor): void {
    const living = this.#actors.filter(({ isDead }) => !isDead);
    if (living.length === 1 || actor.isDead) return;
    actor.die();
    for (const [call, of] of this.#pending) if (of === actor) this.#pending.delete(call);
  }

  #at(at: number): Actor {
    return this.#actors[at % this.#actors.length] as Actor;
  }

  #named(name: string): Actor | undefined {
    return this.#actors.find((actor) => actor.name === name);
  }

  #errorMs(name: string): number {
    const actor = this.#named(name);
    return actor === undefined ? 0 : errorMsOf(actor, this.#setting);
  }

  /** Resolves when the process does not run any more. */
  async #whileRunning(actor: Actor): Promise<void> {
    while (actor.isRunning && !this.#isOver) await this.#turn('is looked at');
  }

  #turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  async #wait(clock: Actor['clock'], ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      clock.setTimer(resolve, ms);
    });
    await this.#turn('goes on');
  }
}
