import { setTimeout as pause } from 'node:timers/promises';
import type { ModeChange } from '../../lib/api/events.js';
import type { CacheMode } from '../../lib/api/status.js';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import type { Logger } from '../../lib/core/logger.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { RedisServer } from '../support/redis-server.js';
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
    info: (line) => void lines.infos.push(line),
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

/** What is true must not depend on how soon a busy machine lets a real Redis answer. */
const COMMAND_TIMEOUT_MS = 500;

/** A Redis, and caches before it. */
export class World {
  readonly server: RedisServer;
  readonly #members: Member[] = [];
  readonly #caches: CacheHandle[] = [];

  static async start(...args: string[]): Promise<World> {
    return new World(await RedisServer.start({ args }));
  }

  private constructor(server: RedisServer) {
    this.server = server;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** A cache in normal mode. */
  async join(options: CacheOptions = {}): Promise<Member> {
    const proxy = await FaultProxy.start(this.server.port);
    const log = keepLines();
    const cache = this.make({ redis: proxy.url, logger: log, ...options });
    const changes: ModeChange[] = [];
    const member = { cache, proxy, log, changes };
    this.#members.push(member);
    await isIn('normal', member);
    cache.on('modechange', (change) => changes.push(change));
    return member;
  }

  make(options: CacheOptions): CacheHandle {
    const cache = createCache({ logger: false, commandTimeout: COMMAND_TIMEOUT_MS, ...options });
    this.#caches.push(cache);
    return cache;
  }

  /** What Redis itself holds under a key. */
  async slot(key: string, prefix = 'cache:'): Promise<string | null> {
    return (await this.server.command('GET', prefix + key)) as string | null;
  }

  async generation(prefix = 'cache:'): Promise<string | null> {
    return (await this.server.command('HGET', `${prefix}__ech:fence`, 'gen')) as string | null;
  }

  /** The lineage's counter. */
  async fence(prefix = 'cache:'): Promise<number> {
    return Number(await this.server.command('HGET', `${prefix}__ech:fence`, 'n'));
  }

  async close(): Promise<void> {
    for (const cache of this.#caches) await cache.close();
    for (const { proxy } of this.#members) await proxy.close();
    await this.server.stop();
  }
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
