import { setTimeout as pause } from 'node:timers/promises';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { compileGlob } from '../../lib/core/glob.js';
import { FaultProxy } from '../support/fault-proxy.js';
import type { RedisServer } from '../support/redis-server.js';
import { unhandled } from '../support/wait.js';
import { type Call, describeStep, type History, nameOf, type Step } from './history.js';
import { Oracle, type Reading } from './oracle.js';

const LEASE_WAIT = 150;

/** What a busy machine may add to any time. */
const SLACK = 250;

/** The pulse, with a few of them lost. */
const GENERATION_LAG = 1_000;

/** How long a cache may take until it is well again after the last fault. */
const RECOVERY_MS = 8_000;

let histories = 0;

/** What comes of a history: what was violated, and what happened. */
export interface Outcome {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/** Plays a history before a real server, which is left running and empty. */
export async function play(history: History, server: RedisServer): Promise<Outcome> {
  await server.command('FLUSHALL');
  await server.save();
  const loose = unhandled();
  const stage = new Stage(history, server);
  try {
    await stage.build();
    for (const step of history.steps) await stage.step(step);
    await stage.finish();
  } finally {
    await stage.close();
    for (const error of loose.stop()) stage.oracle.fail('I6', `unhandled: ${error}`);
  }
  return { violations: stage.oracle.violations, trace: stage.oracle.trace };
}

interface Player {
  readonly name: string;
  readonly cache: CacheHandle;
  readonly proxy: FaultProxy;
  network: 'pass' | 'blackhole' | 'refuse';
  hasOverflowed: boolean;
}

class Stage {
  readonly oracle: Oracle;
  readonly #history: History;
  readonly #server: RedisServer;
  readonly #players: Player[] = [];
  readonly #pending = new Set<Promise<void>>();
  readonly #startedMs = performance.now();
  #redis: 'up' | 'hung' | 'dead' = 'up';
  #isOldData = false;
  #serial = 0;

  constructor(history: History, server: RedisServer) {
    this.#history = history;
    this.#server = server;
    const { ttl, outageTtl } = history.setting;
    this.oracle = new Oracle({ ttl, outageTtl, slack: SLACK }, () => this.#now());
  }

  async build(): Promise<void> {
    const { caches, ttl, outageTtl, journalMax, memoryMax, commandTimeout } = this.#history.setting;
    const prefix = `h${histories++}:`;
    for (let at = 0; at < caches; at++) {
      const proxy = await FaultProxy.start(this.#server.port);
      const cache: CacheHandle = createCache({
        redis: proxy.url,
        prefix,
        ttl,
        commandTimeout,
        leaseWait: LEASE_WAIT,
        memory: { max: memoryMax, outageTtl },
        journal: { max: journalMax },
        logger: {
          info: () => {},
          error: (line) => {
            if (line.includes('came back without')) this.oracle.note(`${name}: amnesia`);
          },
          warn: (line) => {
            player.hasOverflowed ||= line.includes('writes wait for Redis');
            this.oracle.note(`${name}: ${line.slice(23, 60)}`);
          },
        },
      });
      const name = nameOf(at);
      const player: Player = { name, cache, proxy, network: 'pass', hasOverflowed: false };
      cache.on('modechange', ({ to, reason }) => this.#onMode(player, to, reason));
      this.#players.push(player);
    }
  }

  async step(step: Step): Promise<void> {
    this.oracle.note(describeStep(step));
    switch (step.do) {
      case 'pause':
        await pause(step.ms);
        return;
      case 'slow':
        for (const { proxy } of this.#those(step.at)) proxy.slow(step.ms);
        return;
      case 'blackhole':
      case 'refuse':
      case 'reset':
      case 'lose':
      case 'pass':
        for (const player of this.#those(step.at)) await this.#network(player, step.do);
        return;
      case 'hang':
      case 'thaw':
      case 'kill':
      case 'save':
      case 'restart':
      case 'restartEmpty':
        return this.#fault(step.do);
      default: {
        const player = this.#players[step.at % this.#players.length];
        if (player === undefined) return;
        const done = this.#call(player, step);
        this.#pending.add(done);
        void done.finally(() => this.#pending.delete(done));
        if (step.wait) await done;
      }
    }
  }

  /** Ends every fault, waits until all is well, and looks whether everybody reads the database's values. */
  async finish(): Promise<void> {
    this.oracle.note('-- all faults end');
    if (this.#redis === 'hung') this.#server.thaw();
    if (this.#redis === 'dead') await this.#restart(false);
    this.#redis = 'up';
    for (const player of this.#players) {
      player.proxy.slow(0);
      await this.#network(player, 'pass');
    }
    await Promise.all(this.#pending);
    await Promise.all(this.#players.map((player) => this.#untilWell(player)));
    for (const player of this.#players) {
      for (let key = 0; key < 3; key++) await this.#compare(player, `k${key}`);
    }
  }

  async close(): Promise<void> {
    if (this.#redis === 'hung') this.#server.thaw();
    if (this.#redis === 'dead') await this.#server.restart();
    this.#redis = 'up';
    await Promise.allSettled(this.#pending);
    for (const { cache, proxy } of this.#players) {
      await cache.close();
      await proxy.close();
    }
  }

  #now(): number {
    return performance.now() - this.#startedMs;
  }

  #those(at: number): Player[] {
    return at < 0 ? this.#players : this.#players.filter((_, i) => i === at % this.#players.length);
  }

  #onMode(player: Player, to: string, reason: string | undefined): void {
    const { cache, name } = player;
    const depth = cache.status().journal.entries;
    this.oracle.note(
      `${name}: ${to}${reason === undefined ? '' : ` (${reason})`}, ${depth} waiting`,
    );
    if (to !== 'normal' || depth > 0) return;
    const isLagging = this.#isOldData || player.hasOverflowed;
    this.oracle.replayed(name, isLagging ? GENERATION_LAG : 0);
  }

  async #network(player: Player, to: string): Promise<void> {
    const { proxy } = player;
    if (to === 'reset') return proxy.reset();
    if (to === 'lose') return proxy.lose();
    if (player.network !== 'pass') await proxy.pass();
    player.network = 'pass';
    if (to === 'blackhole') proxy.blackhole();
    if (to === 'refuse') await proxy.refuse();
    if (to === 'blackhole' || to === 'refuse') player.network = to;
  }

  async #fault(
    what: 'hang' | 'thaw' | 'kill' | 'save' | 'restart' | 'restartEmpty',
  ): Promise<void> {
    const server = this.#server;
    if (what === 'hang' && this.#redis === 'up') {
      server.hang();
      this.#redis = 'hung';
    } else if (what === 'thaw' && this.#redis === 'hung') {
      server.thaw();
      this.#redis = 'up';
    } else if (what === 'save' && this.#redis === 'up') {
      await server.save();
    } else if (what === 'kill' && this.#redis !== 'dead') {
      await server.kill();
      this.#redis = 'dead';
    } else if (what === 'restart' || what === 'restartEmpty') {
      await this.#restart(what === 'restartEmpty');
    }
  }

  async #restart(empty: boolean): Promise<void> {
    await this.#server.kill();
    // Judged from before anybody can be let in.
    this.#isOldData = true;
    this.oracle.forgotten();
    await this.#server.restart({ empty });
    this.#redis = 'up';
  }

  #reading(player: Player, key: string): Reading {
    const calledAt = this.oracle.tick();
    return { process: player.name, key, calledAt, calledMs: this.#now() };
  }

  async #call(player: Player, call: Call): Promise<void> {
    const startedMs = performance.nodeTiming.idleTime;
    const key = `k${call.key}`;
    const handle = call.req ? player.cache.forRequest() : player.cache;
    const { commandTimeout } = this.#history.setting;
    switch (call.do) {
      case 'get':
        await this.#get(player, handle, call, key);
        break;
      case 'getOrSet':
        await this.#getOrSet(player, handle, call, key, call.loadMs);
        break;
      case 'set':
        await this.#set(player, handle, key);
        break;
      case 'delete':
        await this.#remove(player, key, () => handle.delete(key));
        break;
      case 'clear':
        await this.#clear(player, handle, `*${call.key}`);
        break;
      case 'clearAll':
        await this.#clear(player, handle, '*');
        break;
      case 'write':
        this.oracle.write(key);
        if (call.then === 'set') await this.#set(player, handle, key);
        else if (call.then === 'clear') await this.#clear(player, handle, `*${call.key}`);
        else await this.#remove(player, key, () => handle.delete(key));
        break;
    }
    const load = call.do === 'getOrSet' ? 2 * commandTimeout + LEASE_WAIT + 2 * call.loadMs : 0;
    const scans = call.do.startsWith('clear') || call.do === 'write' ? 3 * commandTimeout : 0;
    const budget = 2 * commandTimeout + load + scans;
    // Time in which the process waited: a busy one, with other histories in it, is nobody's fault.
    const tookMs = performance.nodeTiming.idleTime - startedMs;
    this.oracle.took(`${player.name}.${call.do}`, tookMs, budget);
  }

  async #get(player: Player, handle: CacheHandle, call: Call, key: string): Promise<void> {
    const tierOf = watchTier(handle, call.req);
    const reading = this.#reading(player, key);
    const serial = await handle.get<number>(key);
    if (serial !== undefined) this.oracle.read(reading, serial, tierOf());
    this.oracle.note(`${player.name} got ${key} = ${this.#show(serial)} (${tierOf() ?? '?'})`);
  }

  async #getOrSet(
    player: Player,
    handle: CacheHandle,
    call: Call,
    key: string,
    loadMs: number,
  ): Promise<void> {
    const tierOf = watchTier(handle, call.req);
    const reading = this.#reading(player, key);
    const load = (): Promise<number> => this.#load(player, reading, loadMs);
    const serial = await handle.getOrSet(key, load);
    this.oracle.read(reading, serial, tierOf());
    this.oracle.note(`${player.name} has ${key} = ${this.#show(serial)} (${tierOf() ?? '?'})`);
  }

  async #load(player: Player, reading: Reading, loadMs: number): Promise<number> {
    const loading = this.oracle.beginLoad(reading);
    const birth = this.oracle.bear(player.name, reading.key, false);
    this.#versions.set(birth.serial, birth.version);
    if (loadMs > 0) await pause(loadMs);
    birth.madeMs = this.#now();
    birth.isOfOutage = player.cache.status().mode !== 'normal';
    this.oracle.endLoad(loading);
    return birth.serial;
  }

  async #set(player: Player, handle: CacheHandle, key: string): Promise<void> {
    const calledAt = this.oracle.tick();
    const birth = this.oracle.bear(player.name, key, true);
    this.#versions.set(birth.serial, birth.version);
    const wasAway = player.cache.status().mode !== 'normal';
    const change = this.oracle.change(player.name, (other) => other === key, calledAt);
    const result = await handle.set(key, birth.serial);
    this.oracle.settle(change, result === 'applied');
    birth.settledAt = change.settledAt;
    birth.madeMs = this.#now();
    birth.isOfOutage = wasAway && result === 'deferred';
    this.oracle.note(`${player.name} set ${key} = ${this.#show(birth.serial)}: ${result}`);
  }

  async #remove(player: Player, key: string, remove: () => Promise<string>): Promise<void> {
    const change = this.oracle.change(player.name, (other) => other === key, this.oracle.tick());
    const result = await remove();
    this.oracle.settle(change, result === 'applied');
    this.oracle.note(`${player.name} deleted ${key}: ${result}`);
  }

  async #clear(player: Player, handle: CacheHandle, pattern: string): Promise<void> {
    const change = this.oracle.change(player.name, compileGlob(pattern), this.oracle.tick());
    const result = await handle.clear(pattern);
    this.oracle.settle(change, result === 'applied');
    this.oracle.note(`${player.name} cleared ${pattern}: ${result}`);
  }

  readonly #versions = new Map<number, number>();

  #show(serial: number | undefined): string {
    return serial === undefined ? 'nothing' : `${this.#versions.get(serial)} #${serial}`;
  }

  /** Normal, with an empty journal, and on a connection that works. */
  async #untilWell(player: Player): Promise<void> {
    const giveUpMs = this.#now() + RECOVERY_MS;
    for (;;) {
      const probes = [0, 1, 2].map((i) => player.cache.set(`probe${i}`, this.#serial++));
      const results = await Promise.all(probes);
      const { mode, journal } = player.cache.status();
      const isApplied = results.every((result) => result === 'applied');
      if (isApplied && mode === 'normal' && journal.entries === 0) return;
      if (this.#now() > giveUpMs) {
        const state = `${player.name} is ${mode} with ${journal.entries} writes waiting`;
        this.oracle.fail('I2', `${state} ${RECOVERY_MS} ms after the last fault`);
        return;
      }
      await pause(10);
    }
  }

  async #compare(player: Player, key: string): Promise<void> {
    const giveUpMs = this.#now() + GENERATION_LAG;
    for (;;) {
      const reading = this.#reading(player, key);
      const serial = await player.cache.getOrSet(key, () => this.#load(player, reading, 0));
      this.oracle.read(reading, serial, undefined);
      if (this.oracle.isCurrent(key, serial)) return;
      const isLagging = this.#isOldData || this.#players.some((other) => other.hasOverflowed);
      if (!isLagging || this.#now() > giveUpMs) {
        const expected = this.oracle.version(key);
        this.oracle.fail(
          'I2',
          `in the end ${player.name} reads ${key} = ${this.#show(serial)}, not ${expected}`,
        );
        return;
      }
      await pause(20);
    }
  }
}

/** Which tier answered the one call that is made through this handle, if that can be known. */
function watchTier(handle: CacheHandle, isRequest: boolean): () => 'redis' | 'memory' | undefined {
  if (!isRequest) return () => undefined;
  let tier: 'redis' | 'memory' | undefined;
  handle.on('lookup', (lookup) => {
    tier = lookup.tier;
  });
  return () => tier;
}
