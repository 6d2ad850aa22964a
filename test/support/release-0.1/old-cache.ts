import { randomBytes } from 'node:crypto';
import { fingerprint } from '../../../lib/entry/fingerprint.js';
import { RawClient } from '../raw-client.js';
import { ACQUIRE, CLEAR, FENCE, FILL, REMOVE, STORE } from './scripts.js';

const KIND_AT = 16;
const VERSION_AT = 17;
const TTL_AT = 30;
const PAYLOAD_AT = 38;
const LEASE_WIDTH = 24;

const TTL_MS = 60_000;
const TOMBSTONE_MS = 10_000;
const LEASE_MS = 10_000;

/** What tests ask of a process of release 0.1, whether it is imitated or real. */
export interface OldRelease {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Of keys that begin with `start`; of all without it. */
  clear(start?: string): Promise<unknown>;
  getOrSet(key: string, load: () => Promise<unknown>): Promise<unknown>;
  /** More changes than the journal holds were made while Redis was away. */
  overflow(): Promise<unknown>;
  /** Its next heartbeat. */
  beat(): Promise<unknown>;
  close(): Promise<unknown>;
}

/**
 * What a healthy process of release 0.1 sends to Redis, and what it makes of the replies: its scripts, its
 * format of entries and its record, without memory. A fresh clone has no network to install the release from.
 */
export class OldCache implements OldRelease {
  readonly #redis: RawClient;
  readonly #prefix: string;
  #lineage = { id: randomText(8), count: 0, generation: randomText(6) };
  #last: Promise<unknown> = Promise.resolve();

  private constructor(redis: RawClient, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  static async connect(port: number, prefix: string): Promise<OldCache> {
    const cache = new OldCache(await RawClient.connect(port), prefix);
    await cache.beat();
    return cache;
  }

  async get(key: string): Promise<unknown> {
    const slot = await this.#ask('GET', this.#prefix + key);
    const entry = String(slot ?? '');
    return this.#valueOf(key, entry.startsWith('L') ? entry.slice(LEASE_WIDTH) : entry);
  }

  async set(key: string, value: unknown): Promise<void> {
    const now = Date.now();
    const times = [`${(now + 50) * 1_000}`, `${TTL_MS}`, `${now + 5_000}`];
    await this.#run(STORE, key, 'stamp', `${this.#head(key)}v`, tail(value), ...times);
  }

  async delete(key: string): Promise<void> {
    await this.#run(REMOVE, key, 'stamp', `${this.#head(key)}t`, `${TOMBSTONE_MS}`);
  }

  async clear(start = ''): Promise<void> {
    const keys = (await this.#ask('KEYS', `${this.#prefix}${start}*`)) as string[];
    for (const fullKey of keys) {
      const key = fullKey.slice(this.#prefix.length);
      if (!key.startsWith('__ech:')) await this.#run(CLEAR, key);
    }
  }

  async getOrSet(key: string, load: () => Promise<unknown>): Promise<unknown> {
    const token = randomText(10);
    const reply = await this.#run(ACQUIRE, key, token, `${LEASE_MS}`, this.#head(key), 'load');
    const [outcome, , entry] = reply as [string, string, string];
    if (outcome === 'value') return this.#valueOf(key, entry);
    const value = await load();
    const deadline = `${Date.now() + 5_000}`;
    await this.#run(FILL, key, token, `${this.#head(key)}v`, tail(value), `${TTL_MS}`, deadline);
    return value;
  }

  async overflow(): Promise<void> {
    await this.#fence('bump', randomText(6));
  }

  async beat(): Promise<void> {
    const { count } = this.#lineage;
    await this.#fence('pulse', this.#lineage.generation);
    // Release 0.1 takes this for an outage.
    if (this.#lineage.count <= count) throw new Error('the record went back');
  }

  async close(): Promise<void> {
    this.#redis.close();
  }

  #head(key: string): string {
    return `E1${this.#lineage.generation}${fingerprint(key)}`;
  }

  #valueOf(key: string, entry: string): unknown {
    if (!entry.startsWith(this.#head(key)) || entry[KIND_AT] !== 'v') return undefined;
    const storedAt = Number.parseInt(entry.slice(VERSION_AT, TTL_AT), 16) / 1_000;
    const ttlMs = Number.parseInt(entry.slice(TTL_AT, PAYLOAD_AT), 36);
    if (storedAt + ttlMs < Date.now()) return undefined;
    return JSON.parse(entry.slice(PAYLOAD_AT + 1));
  }

  async #fence(mode: 'pulse' | 'bump', generation: string): Promise<void> {
    const { id, count } = this.#lineage;
    const reply = await this.#run(FENCE, '__ech:fence', mode, id, `${count}`, generation, '');
    const [foundId, foundCount, found] = reply as [string, number, string];
    this.#lineage = { id: foundId, count: foundCount, generation: found };
  }

  #run(source: string, key: string, ...args: string[]): Promise<unknown> {
    return this.#ask('EVAL', source, '1', this.#prefix + key, ...args);
  }

  /** One command after the other. */
  #ask(...args: string[]): Promise<unknown> {
    const reply = this.#last.then(() => this.#redis.ask(...args));
    this.#last = reply;
    return reply;
  }
}

function tail(value: unknown): string {
  return `${TTL_MS.toString(36).padStart(PAYLOAD_AT - TTL_AT, '0')}j${JSON.stringify(value)}`;
}

function randomText(length: number): string {
  return randomBytes(length).toString('hex').slice(0, length);
}
