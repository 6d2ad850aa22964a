import type { LoaderContext } from '../../../lib/api/loading.js';
import type { CacheHandle } from '../../../lib/cache/cache.js';
import { type Call, KEYS, keysOf, type Nested } from '../calls.js';
import type { Reading, Tier } from '../oracle/records.js';
import { TAG } from '../setting.js';
import type { Player, Request, Theatre } from './theatre.js';

/** Reads, with or without loading, and tells the oracle what was given. */
export class Reads {
  readonly #theatre: Theatre;

  constructor(theatre: Theatre) {
    this.#theatre = theatre;
  }

  async get(player: Player, key: string, request: Request | undefined): Promise<void> {
    const handle = request?.handle ?? player.cache;
    const tierOf = watchTier(handle, request);
    const reading = this.reading(player, key);
    this.#given(reading, await handle.get<number>(key), tierOf());
  }

  async getOrSet(
    player: Player,
    how: { readonly key: string; readonly loadMs: number; readonly nested: Nested },
    request: Request | undefined,
  ): Promise<number> {
    const handle = request?.handle ?? player.cache;
    const tierOf = watchTier(handle, request);
    const reading = this.reading(player, how.key);
    const { isTagged } = this.#theatre.setting;
    // Keys with an even number have a loader that names the tag at its end.
    const isLate = Number(how.key.slice(1)) % 2 === 0;
    const load = async ({ setTags }: Pick<LoaderContext<number>, 'setTags'>): Promise<number> => {
      const serial = await this.#load(player, reading, how);
      if (isTagged && isLate) setTags([TAG]);
      return serial;
    };
    const options = isTagged && !isLate ? { tags: [TAG] } : {};
    const serial = await handle.getOrSet(how.key, load, options);
    this.#given(reading, serial, tierOf());
    return serial;
  }

  async getMany(player: Player, keys: readonly string[], handle: CacheHandle): Promise<void> {
    const readings = keys.map((key) => this.reading(player, key));
    const values = await handle.getMany<number>(keys);
    for (const reading of readings) this.#given(reading, values.get(reading.key), undefined);
  }

  async getOrSetMany(
    player: Player,
    call: Call & { readonly do: 'getOrSetMany' },
    handle: CacheHandle,
  ): Promise<void> {
    const { oracle } = this.#theatre;
    const keys = keysOf(call);
    const given = keys.filter((key) => (call.gives & (1 << Number(key.slice(1)))) !== 0);
    const readings = new Map(keys.map((key) => [key, this.reading(player, key)]));
    const load = (asked: readonly string[]): Promise<Map<string, number>> => {
      const wanted = asked.filter((key) => given.includes(key));
      return this.#loadMany(
        player,
        wanted.map((key) => readings.get(key) as Reading),
        call.loadMs,
      );
    };
    const options = this.#theatre.setting.isTagged ? { tags: [TAG] } : {};
    const values = await handle.getOrSetMany(keys, load, options);
    for (const reading of readings.values()) {
      this.#given(reading, values.get(reading.key), undefined);
    }
    const lacking = given.filter((key) => !values.has(key));
    if (lacking.length > 0) {
      oracle.fail('I2', `${player.name} was not given ${lacking}, which its loader gives`);
    }
  }

  reading(player: Player, key: string): Reading {
    const { oracle, now } = this.#theatre;
    return { process: player.name, key, calledAt: oracle.tick(), calledMs: now() };
  }

  async #load(
    player: Player,
    reading: Reading,
    how: { readonly key: string; readonly loadMs: number; readonly nested: Nested },
  ): Promise<number> {
    const end = this.#beginLoad(player, reading);
    const { loadMs, nested } = how;
    if (loadMs > 0) await this.#theatre.wait(player, loadMs);
    if (nested === 'next') await this.#loadNext(player, how);
    if (nested === 'self') await this.#loadItself(player, how);
    return end();
  }

  async #loadMany(
    player: Player,
    readings: readonly Reading[],
    loadMs: number,
  ): Promise<Map<string, number>> {
    const ends = readings.map((reading) => this.#beginLoad(player, reading));
    if (loadMs > 0) await this.#theatre.wait(player, loadMs);
    return new Map(readings.map(({ key }, i) => [key, ends[i]?.() as number]));
  }

  /** The returned function ends it, and gives the serial of what was loaded. */
  #beginLoad(player: Player, reading: Reading): () => number {
    const { oracle, now } = this.#theatre;
    const loading = oracle.loads.begin(reading);
    const birth = oracle.bear(player.name, reading.key, false);
    return () => {
      birth.madeMs = now();
      birth.isOfOutage = player.cache.status().mode !== 'normal';
      oracle.loads.end(loading);
      oracle.note(`${player.name} loaded #${birth.serial} = ${birth.version} for ${reading.key}`);
      return birth.serial;
    };
  }

  async #loadNext(
    player: Player,
    { key, loadMs }: { readonly key: string; readonly loadMs: number },
  ): Promise<void> {
    const next = Number(key.slice(1)) + 1;
    if (next < KEYS) {
      await this.getOrSet(player, { key: `k${next}`, loadMs, nested: 'none' }, undefined);
    }
  }

  /** Told at once that this goes in a circle, unless the key was changed or stored meanwhile. */
  async #loadItself(player: Player, { key }: { readonly key: string }): Promise<void> {
    try {
      await this.getOrSet(player, { key, loadMs: 0, nested: 'none' }, undefined);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_CACHE_LOADER_CYCLE') throw error;
    }
  }

  #given(reading: Reading, serial: number | undefined, tier: Tier): void {
    const { oracle } = this.#theatre;
    if (serial !== undefined) oracle.read(reading, serial, tier);
    const what =
      serial === undefined ? 'nothing' : `#${serial} = ${oracle.births[serial]?.version}`;
    oracle.note(
      `${reading.process} read ${reading.key} (@${reading.calledAt}): ${what} (${tier ?? '?'})`,
    );
  }
}

/** Which tier answered, if that can be known: through a request that has but this one call under way. */
export function watchTier(handle: CacheHandle, request: Request | undefined): () => Tier {
  if (request === undefined) return () => undefined;
  let tier: Tier;
  let isAlone = request.underWay === 1;
  handle.on('lookup', (lookup) => {
    isAlone &&= request.underWay === 1;
    tier = lookup.tier;
  });
  return () => (isAlone ? tier : undefined);
}
