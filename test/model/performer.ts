import type { CacheHandle } from '../../lib/cache/cache.js';
import { compileGlob } from '../../lib/core/glob.js';
import { type Call, KEYS, type Setting } from './history.js';
import type { Oracle, Reading } from './oracle.js';

/** How long a caller waits for another process' load. */
export const LEASE_WAIT = 150;

/** The pulse, with a few of them lost: until then a change of generation is not known to everybody. */
const GENERATION_LAG = 1_000;

/** How long a cache may take until it is well again after the last fault. */
const RECOVERY_MS = 8_000;

export interface Player {
  readonly name: string;
  readonly cache: CacheHandle;
  hasOverflowed: boolean;
  /** The request that its calls belong to, if they belong to one. */
  request?: Request;
}

/** Several calls with one budget. */
interface Request {
  readonly handle: CacheHandle;
  calls: number;
  underWay: number;
}

/** So many calls a request makes. */
const CALLS_PER_REQUEST = 4;

export interface Theatre {
  readonly oracle: Oracle;
  readonly setting: Setting;
  /** Milliseconds since the beginning. */
  now(): number;
  /** Milliseconds that count for a budget. */
  spent(): number;
  wait(ms: number): Promise<void>;
}

/** Makes the calls of a history and tells the oracle about them. */
export class Performer {
  /** Redis was restarted: it may lack anything, and the generation may have changed. */
  isOldData = false;
  readonly #theatre: Theatre;
  readonly #versions = new Map<number, number>();
  #probes = 0;

  constructor(theatre: Theatre) {
    this.#theatre = theatre;
  }

  /** Listens to a cache's modes and lines. */
  watch(player: Player): void {
    const { oracle } = this.#theatre;
    const { cache, name } = player;
    cache.on('modechange', ({ to, reason }) => {
      const depth = cache.status().journal.entries;
      oracle.note(`${name}: ${to}${reason === undefined ? '' : ` (${reason})`}, ${depth} waiting`);
      if (to === 'normal') oracle.returned(name);
      if (to !== 'normal' || depth > 0) return;
      oracle.replayed(name, this.isOldData || player.hasOverflowed ? GENERATION_LAG : 0);
    });
  }

  /** Redis is another process now. */
  restarted(): void {
    this.isOldData = true;
    this.#theatre.oracle.forgotten();
  }

  async call(player: Player, call: Call): Promise<void> {
    const { oracle, setting, spent } = this.#theatre;
    const startedAt = spent();
    const request = call.req ? requestOf(player) : undefined;
    if (request !== undefined) request.underWay++;
    await this.#perform(player, call, request);
    if (request !== undefined) request.underWay--;
    const { commandTimeout } = setting;
    const load = call.do === 'getOrSet' ? 2 * commandTimeout + LEASE_WAIT + 2 * call.loadMs : 0;
    const scans = call.do.startsWith('clear') || call.do === 'write' ? 3 * commandTimeout : 0;
    const budget = 2 * commandTimeout + load + scans;
    oracle.took(`${player.name}.${call.do}`, spent() - startedAt, budget);
  }

  /** All is well for all: does everybody read what the database holds? */
  async compareAll(players: readonly Player[]): Promise<void> {
    await Promise.all(players.map((player) => this.#untilWell(player)));
    for (const player of players) {
      for (let key = 0; key < KEYS; key++) await this.#compare(player, players, `k${key}`);
    }
  }

  async #perform(player: Player, call: Call, request: Request | undefined): Promise<void> {
    const key = `k${call.key}`;
    const handle = request?.handle ?? player.cache;
    switch (call.do) {
      case 'get':
      case 'getOrSet':
        return this.#read(player, call, request);
      case 'set':
        return this.#set(player, handle, key);
      case 'delete':
        return this.#delete(player, handle, key);
      case 'clear':
        return this.#clear(player, handle, `*${call.key}`);
      case 'clearAll':
        return this.#clear(player, handle, '*');
      case 'write':
        this.#theatre.oracle.write(key);
        if (call.then === 'set') return this.#set(player, handle, key);
        if (call.then === 'clear') return this.#clear(player, handle, `*${call.key}`);
        return this.#delete(player, handle, key);
    }
  }

  async #read(player: Player, call: Call, request: Request | undefined): Promise<void> {
    const { oracle } = this.#theatre;
    const key = `k${call.key}`;
    const handle = request?.handle ?? player.cache;
    const tierOf = watchTier(handle, request);
    const reading = this.#reading(player, key);
    const serial =
      call.do === 'getOrSet'
        ? await handle.getOrSet(key, () => this.#load(player, reading, call.loadMs))
        : await handle.get<number>(key);
    if (serial !== undefined) oracle.read(reading, serial, tierOf());
    oracle.note(`${player.name} read ${key} = ${this.#show(serial)} (${tierOf() ?? '?'})`);
  }

  async #load(player: Player, reading: Reading, loadMs: number): Promise<number> {
    const { oracle, now, wait } = this.#theatre;
    const loading = oracle.beginLoad(reading);
    const birth = oracle.bear(player.name, reading.key, false);
    this.#versions.set(birth.serial, birth.version);
    if (loadMs > 0) await wait(loadMs);
    birth.madeMs = now();
    birth.isOfOutage = player.cache.status().mode !== 'normal';
    oracle.endLoad(loading);
    oracle.note(`${player.name} loaded ${reading.key} = ${this.#show(birth.serial)}`);
    return birth.serial;
  }

  async #set(player: Player, handle: CacheHandle, key: string): Promise<void> {
    const { oracle, now } = this.#theatre;
    const calledAt = oracle.tick();
    const birth = oracle.bear(player.name, key, true);
    this.#versions.set(birth.serial, birth.version);
    const wasAway = player.cache.status().mode !== 'normal';
    const change = oracle.change(player.name, (other) => other === key, calledAt);
    const result = await handle.set(key, birth.serial);
    oracle.settle(change, result === 'applied');
    birth.settledAt = change.settledAt;
    birth.madeMs = now();
    birth.isOfOutage = wasAway && result === 'deferred';
    oracle.note(`${player.name} set ${key} = ${this.#show(birth.serial)}: ${result}`);
  }

  async #delete(player: Player, handle: CacheHandle, key: string): Promise<void> {
    const { oracle } = this.#theatre;
    const change = oracle.change(player.name, (other) => other === key, oracle.tick());
    const result = await handle.delete(key);
    oracle.settle(change, result === 'applied');
    oracle.note(`${player.name} deleted ${key}: ${result}`);
  }

  async #clear(player: Player, handle: CacheHandle, pattern: string): Promise<void> {
    const { oracle } = this.#theatre;
    const change = oracle.change(player.name, compileGlob(pattern), oracle.tick());
    const result = await handle.clear(pattern);
    oracle.settle(change, result === 'applied');
    oracle.note(`${player.name} cleared ${pattern}: ${result}`);
  }

  /** Normal, with an empty journal, and on a connection that works. */
  async #untilWell(player: Player): Promise<void> {
    const { oracle, now, wait } = this.#theatre;
    const giveUpMs = now() + RECOVERY_MS;
    for (;;) {
      const probes = [0, 1, 2].map((i) => player.cache.set(`probe${i}`, this.#probes++));
      const results = await Promise.all(probes);
      const { mode, journal } = player.cache.status();
      const isApplied = results.every((result) => result === 'applied');
      if (isApplied && mode === 'normal' && journal.entries === 0) return;
      if (now() > giveUpMs) {
        const state = `${player.name} is ${mode} with ${journal.entries} writes waiting`;
        oracle.fail('I2', `${state} ${RECOVERY_MS} ms after the last fault`);
        return;
      }
      await wait(10);
    }
  }

  async #compare(player: Player, players: readonly Player[], key: string): Promise<void> {
    const { oracle, now, wait } = this.#theatre;
    const giveUpMs = now() + GENERATION_LAG;
    for (;;) {
      const reading = this.#reading(player, key);
      const handle = player.cache.forRequest();
      const tierOf = watchTier(handle, { handle, calls: 1, underWay: 1 });
      const serial = await handle.getOrSet(key, () => this.#load(player, reading, 0));
      oracle.read(reading, serial, tierOf());
      if (oracle.isCurrent(key, serial)) return;
      const isLagging = this.isOldData || players.some((other) => other.hasOverflowed);
      // One slow reply is enough to be answered by memory, which may differ.
      const mayDiffer = isLagging || tierOf() === 'memory';
      if (!mayDiffer || now() > giveUpMs) {
        const what = `in the end ${player.name} reads ${key} = ${this.#show(serial)}`;
        oracle.fail('I2', `${what}, not ${oracle.version(key)}`);
        return;
      }
      await wait(20);
    }
  }

  #reading(player: Player, key: string): Reading {
    const { oracle, now } = this.#theatre;
    return { process: player.name, key, calledAt: oracle.tick(), calledMs: now() };
  }

  #show(serial: number | undefined): string {
    return serial === undefined ? 'nothing' : `${this.#versions.get(serial)} #${serial}`;
  }
}

/** The player's request, or the next one. */
function requestOf(player: Player): Request {
  const { request, cache } = player;
  if (request !== undefined && request.calls++ < CALLS_PER_REQUEST) return request;
  player.request = { handle: cache.forRequest(), calls: 1, underWay: 0 };
  return player.request;
}

/** Which tier answered, if that can be known: through a request that has but this one call under way. */
function watchTier(
  handle: CacheHandle,
  request: Request | undefined,
): () => 'redis' | 'memory' | undefined {
  if (request === undefined) return () => undefined;
  let tier: 'redis' | 'memory' | undefined;
  let isAlone = request.underWay === 1;
  handle.on('lookup', (lookup) => {
    isAlone &&= request.underWay === 1;
    tier = lookup.tier;
  });
  return () => (isAlone ? tier : undefined);
}
