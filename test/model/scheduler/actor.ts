import type { CacheHandle } from '../../../lib/cache/cache.js';
import { buildCache, buildRemote } from '../../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../../lib/cache/parse-options.js';
import type { ServerTime } from '../../../lib/redis/server-time.js';
import { ScriptedNetwork } from '../../../lib/testing/scripted-network.js';
import type { ScriptedRedis } from '../../../lib/testing/scripted-redis/scripted-redis.js';
import { flushListener } from '../performer/flushes.js';
import type { Player, Request } from '../performer/theatre.js';
import { LEASE_WAIT, type Setting } from '../setting.js';
import { Life } from './life.js';
import type { ProcessClock, SteppedTime } from './stepped-time.js';
import { befall, type Weather } from './weather.js';

export interface Stage {
  readonly name: string;
  readonly setting: Setting;
  readonly redis: ScriptedRedis;
  readonly time: SteppedTime;
  /** Resolves when it is this event's turn. */
  readonly turn: (label: string) => Promise<void>;
  /** A line of the log says that every entry counts as gone. */
  readonly onFlush: () => void;
}

/** One process: its cache, its network, and what has happened to them. */
export class Actor implements Player {
  readonly name: string;
  readonly cache: CacheHandle;
  readonly life: Life;
  readonly serverTime: ServerTime;
  request?: Request;
  readonly #turn: Stage['turn'];
  readonly #network: ScriptedNetwork;
  /** Not that of the process: it never stops. */
  readonly #networkClock: ProcessClock;
  #slowMs = 0;

  constructor({ name, setting, redis, time, turn, onFlush }: Stage) {
    this.name = name;
    this.#turn = turn;
    this.life = new Life(time);
    this.#networkClock = time.newClock();
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
      logger: flushListener(onFlush),
    });
    const { clock } = this.life;
    const remote = buildRemote(config, clock);
    this.serverTime = remote.doorFor('').time;
    this.cache = buildCache(config, { clock, remote });
  }

  get isDead(): boolean {
    return this.life.isDead;
  }

  suffer(weather: Weather): void {
    this.life.suffers(weather);
    befall(this.#network, weather);
  }

  /** Each command and each reply takes so long; 0 ends it. */
  slow(ms: number): void {
    this.life.disturbed();
    this.#slowMs = ms;
  }

  stop({ isAsleep }: { readonly isAsleep: boolean }): void {
    this.life.stop({ isAsleep });
    this.#network.suspend();
  }

  /** Returns for how long its clock stood still. */
  goOn(): number {
    const stoodMs = this.life.goOn();
    if (this.life.isRunning) this.#network.resume();
    return stoodMs;
  }

  /** What it has sent arrives all the same. */
  die(): void {
    this.life.end();
    this.#network.suspend();
    this.#network.cut({ ghostly: true });
  }

  async #event(label: string, then: () => void): Promise<void> {
    await this.life.expects(this.#arrival(label));
    then();
  }

  async #arrival(label: string): Promise<void> {
    if (this.#slowMs > 0) await this.#delay(this.#slowMs);
    await this.#turn(label);
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#networkClock.setTimer(resolve, ms);
    });
  }
}
