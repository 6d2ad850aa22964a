import type { CacheHandle } from '../../../lib/cache/cache.js';
import { buildCache, buildRemote } from '../../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../../lib/cache/parse-options.js';
import type { ServerTime } from '../../../lib/redis/server-time.js';
import { ScriptedNetwork } from '../../../lib/testing/scripted-network.js';
import type { ScriptedRedis } from '../../../lib/testing/scripted-redis/scripted-redis.js';
import type { Player, Request } from '../performer/theatre.js';
import { LEASE_WAIT, type Setting } from '../setting.js';
import type { ProcessClock, SteppedTime } from './stepped-time.js';

/** What is longer on its way than this keeps a process from hearing of Redis in time. */
const SLOW_MS = 50;

export interface Stage {
  readonly name: string;
  readonly setting: Setting;
  readonly redis: ScriptedRedis;
  readonly time: SteppedTime;
  /** Resolves when it is this event's turn. */
  readonly turn: (label: string) => Promise<void>;
  /** A line that says that everything will be cleared. */
  readonly onFlush: () => void;
}

/** One process: its cache, its clock, its network, and what has happened to them. */
export class Actor implements Player {
  readonly name: string;
  readonly cache: CacheHandle;
  readonly clock: ProcessClock;
  readonly serverTime: ServerTime;
  request?: Request;
  readonly #stage: Stage;
  readonly #network: ScriptedNetwork;
  #state: 'running' | 'stopped' | 'dead' = 'running';
  /** Not that of the process: it never stops. */
  readonly #networkClock: ProcessClock;
  #slowMs = 0;
  #isCutOff = false;
  #disturbedMs: number;
  #longestDelayMs = 0;
  #stoppedMs = 0;

  constructor(stage: Stage) {
    const { name, setting, redis, time } = stage;
    this.#stage = stage;
    this.name = name;
    this.clock = time.newClock();
    this.#networkClock = time.newClock();
    this.#disturbedMs = time.now();
    this.#network = new ScriptedNetwork(
      name,
      redis,
      (label, then) => void this.#event(label, then),
    );
    const config = parseCacheOptions({
      redis: () => this.#network.createClient(),
      ttl: setting.ttl,
      commandTimeout: setting.commandTimeout,
      leaseWait: LEASE_WAIT,
      memory: { max: setting.memoryMax, outageTtl: setting.outageTtl },
      journal: { max: setting.journalMax },
      logger: { info: () => {}, warn: () => {}, error: () => stage.onFlush() },
    });
    const { clock } = this;
    const remote = buildRemote(config, clock);
    this.serverTime = remote.doorFor('').time;
    this.cache = buildCache(config, { clock, remote });
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** The longest that anything was on its way. */
  get longestDelayMs(): number {
    return this.#longestDelayMs;
  }

  /** Since when nothing keeps it from hearing of Redis and telling it. */
  get undisturbedSince(): number {
    const isDisturbed = this.#state !== 'running' || this.#isCutOff;
    return isDisturbed ? Number.POSITIVE_INFINITY : this.#disturbedMs;
  }

  /** Redis itself did not answer until now. */
  disturbed(): void {
    this.#disturbedMs = this.#stage.time.now();
  }

  suffer(what: 'stall' | 'flow' | 'cut' | 'cutGhostly' | 'refuse' | 'loseReply'): void {
    this.disturbed();
    const network = this.#network;
    this.#isCutOff = what === 'stall' || what === 'refuse' || (this.#isCutOff && what !== 'flow');
    if (what === 'stall') network.stall();
    if (what === 'flow' || what === 'refuse') network[what === 'flow' ? 'admit' : 'refuse']();
    if (what === 'flow') network.flow();
    if (what === 'loseReply') network.loseReply();
    if (what === 'cut' || what === 'refuse') network.cut();
    if (what === 'cutGhostly') network.cut({ ghostly: true });
  }

  /** Each command and each reply takes so long; 0 ends it. */
  slow(ms: number): void {
    this.disturbed();
    this.#slowMs = ms;
  }

  stop({ isAsleep }: { readonly isAsleep: boolean }): void {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    this.#stoppedMs = isAsleep ? this.#stage.time.now() : Number.POSITIVE_INFINITY;
    this.clock.stop({ isAsleep });
    this.#network.suspend();
  }

  /** Returns for how long its clock stood still. */
  goOn(): number {
    if (this.#state !== 'stopped') return 0;
    this.#state = 'running';
    this.disturbed();
    this.clock.goOn();
    this.#network.resume();
    return Math.max(0, this.#stage.time.now() - this.#stoppedMs);
  }

  /** What it has sent arrives all the same. */
  die(): void {
    this.stop({ isAsleep: false });
    this.#state = 'dead';
    this.#network.cut({ ghostly: true });
  }

  async #event(label: string, then: () => void): Promise<void> {
    const { time, turn } = this.#stage;
    const scheduledMs = time.now();
    if (this.#slowMs > 0) await this.#delay(this.#slowMs);
    await turn(label);
    const tookMs = time.now() - scheduledMs;
    this.#longestDelayMs = Math.max(this.#longestDelayMs, tookMs);
    if (tookMs > SLOW_MS) this.disturbed();
    then();
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#networkClock.setTimer(resolve, ms);
    });
  }
}
