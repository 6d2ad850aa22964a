import { setTimeout as pause } from 'node:timers/promises';
import type { ModeChange } from '../../lib/api/events.js';
import type { CacheMode } from '../../lib/api/status.js';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import type { Logger } from '../../lib/core/logger.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { isStartLine } from '../support/log-lines.js';
import { RedisServer } from '../support/redis-server.js';
import { CAN_STEP_CLOCKS, SteppedRedis } from '../support/stepped-redis.js';
import { until } from '../support/wait.js';

/** One row of a database that everybody reads and only `write` changes. */
export class Database {
  value = 1;
  loads = 0;
  readonly load = async (): Promise<number> => {
    this.loads++;
    return this.value;
  };
}

export type Lines = Logger & Record<'infos' | 'warnings' | 'errors', string[]>;

export function keepLines(): Lines {
  const lines = { infos: [], warnings: [], errors: [] } as Record<
    'infos' | 'warnings' | 'errors',
    string[]
  >;
  return {
    ...lines,
    info: (line) => {
      if (!isStartLine(line)) lines.infos.push(line);
    },
    warn: (line) => void lines.warnings.push(line),
    error: (line) => void lines.errors.push(line),
  };
}

/** What would be one process of a fleet: a cache with its own connection, through its own proxy. */
export interface Member {
  readonly cache: CacheHandle;
  readonly proxy: FaultProxy;
  readonly log: Lines;
  readonly changes: ModeChange[];
}

export interface WorldOptions {
  /** Arguments of the server. */
  readonly args?: readonly string[];
  /** Whether the server's clock can be moved. Where that is not possible, the tests are skipped. */
  readonly isStepped?: boolean;
}

/** What is true must not depend on how soon a busy machine lets a real Redis answer. */
const COMMAND_TIMEOUT_MS = 500;

/** A Redis, and caches before it. */
export class World {
  readonly #options: WorldOptions;
  #server: RedisServer | undefined;
  #stepped: SteppedRedis | undefined;
  #members: Member[] = [];
  #caches: CacheHandle[] = [];

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { args, isStepped } = this.#options;
    const options = args === undefined ? {} : { args };
    this.#stepped = isStepped === true ? await SteppedRedis.start(options) : undefined;
    this.#server = this.#stepped?.server ?? (await RedisServer.start(options));
  }

  get server(): RedisServer {
    if (this.#server === undefined) throw new Error('the world is not open');
    return this.#server;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** A cache in normal mode. */
  async join(options: CacheOptions = {}): Promise<Member> {
    const member = await this.enter(options);
    await isIn('normal', member);
    member.changes.length = 0;
    return member;
  }

  /** A cache that may not be connected yet. */
  async enter(options: CacheOptions = {}): Promise<Member> {
    const proxy = await FaultProxy.start(this.server.port);
    const log = keepLines();
    const cache = this.make({ redis: proxy.url, logger: log, ...options });
    const changes: ModeChange[] = [];
    cache.on('modechange', (change) => changes.push(change));
    const member = { cache, proxy, log, changes };
    this.#members.push(member);
    return member;
  }

  make(options: CacheOptions): CacheHandle {
    const cache = createCache({ logger: false, commandTimeout: COMMAND_TIMEOUT_MS, ...options });
    this.#caches.push(cache);
    return cache;
  }

  /** The server's clock jumps. */
  stepClock(ms: number): void {
    if (this.#stepped === undefined) throw new Error('this world has a clock that stays right');
    this.#stepped.stepClock(ms);
  }

  /** The server's clock stands still at this time. */
  freezeClock(atMs: number): void {
    if (this.#stepped === undefined) throw new Error('this world has a clock that stays right');
    this.#stepped.freezeClock(atMs);
  }

  /** What Redis itself holds under a key. */
  async slot(key: string, prefix = 'cache:'): Promise<string | null> {
    return (await this.server.command('GET', prefix + key)) as string | null;
  }

  async generation(): Promise<string | null> {
    return (await this.server.command('GET', GENERATION)) as string | null;
  }

  /** The counter of fences. */
  async fences(): Promise<number> {
    return Number(await this.server.command('HGET', POSITIONS, 'n'));
  }

  /**
   * What the members wrote so far lies before a fence. A fence that was on its way already does not count, and
   * members that were quiet may have one each to send: the later rounds are this one's own.
   */
  async fenced(...members: readonly Member[]): Promise<void> {
    for (const { cache } of members) {
      for (let round = 0; round < 2 * this.#members.length; round++) {
        const before = await this.fences();
        await cache.set('fenced', round);
        await until(async () => (await this.fences()) > before, 'there is a fence');
      }
    }
  }

  /** Writes and scripts are held back in Redis; reads are answered. */
  async holdWrites(): Promise<void> {
    await this.server.command('CLIENT', 'PAUSE', '60000', 'WRITE');
  }

  async releaseWrites(): Promise<void> {
    await this.server.command('CLIENT', 'UNPAUSE');
  }

  /** Every connection is closed, and none is accepted. */
  async isolate(...members: readonly Member[]): Promise<void> {
    for (const { proxy } of members) await proxy.refuse();
    await isIn('degraded', ...members);
  }

  async letIn(...members: readonly Member[]): Promise<void> {
    for (const { proxy } of members) await proxy.pass();
  }

  async close(): Promise<void> {
    for (const cache of this.#caches) await cache.close();
    for (const { proxy } of this.#members) await proxy.close();
    this.#caches = [];
    this.#members = [];
    await (this.#stepped ?? this.#server)?.stop();
    this.#server = undefined;
  }
}

/** The two records of the default prefix. */
export const POSITIONS = 'cache:__ech:{ech}:pos';
export const GENERATION = 'cache:__ech:{ech}:gen';

/** A world of its own for each test. */
export function useWorld(options: WorldOptions = {}): World {
  const world = new World(options);
  beforeEach(async function () {
    if (options.isStepped === true && !CAN_STEP_CLOCKS) this.skip();
    await world.open();
  });
  afterEach(() => world.close());
  return world;
}

export function isIn(mode: CacheMode, ...members: Pick<Member, 'cache'>[]): Promise<void> {
  const arrived = (): boolean => members.every(({ cache }) => cache.status().mode === mode);
  return until(arrived, `the mode is ${mode}`);
}

/** Acts as a handler does: reads through the cache again and again, and notes what it was given and when it asked. */
export class Reader {
  readonly seen: { readonly askedAt: number; readonly value: number }[] = [];
  readonly #end: Promise<void>;
  #isStopped = false;

  constructor(read: () => Promise<number>) {
    this.#end = this.#run(read);
  }

  /** What was given to those who asked after `moment`. */
  since(moment: number): number[] {
    return this.seen.filter(({ askedAt }) => askedAt > moment).map(({ value }) => value);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#end;
  }

  async #run(read: () => Promise<number>): Promise<void> {
    while (!this.#isStopped) {
      const askedAt = performance.now();
      this.seen.push({ askedAt, value: await read() });
      await pause(1);
    }
  }
}
