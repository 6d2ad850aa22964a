import type { ServerMetrics } from '../api/metrics.js';
import type { CacheMode } from '../api/status.js';
import { compilePattern } from '../entry/key-pattern.js';
import { tombstoneLifeMs } from '../entry/write-times.js';
import type { EvictionReason } from '../memory/memory-tier.js';
import type { Failure } from '../redis/failure.js';
import type { Evidence, Label } from '../redis/lineage.js';
import type { Commands, Door, DoorListener, DoorState, Move, Remote } from '../redis/remote.js';
import { Ledger } from './ledger/ledger.js';
import { type DeferTo, Shard, type Tools } from './shard.js';
import { ShardStore } from './shard-store.js';
import type { KeyChange, StoreState } from './store.js';
import { Tags } from './tags/tags.js';
import { DoorView } from './topology/door-view.js';
import { FirstAttempt } from './topology/first-attempt.js';
import { deferAt, giveAway, inherit } from './topology/rehome.js';
import { metricsOf, modeOfAll, stateOf } from './topology/store-state.js';

/** The keys of one call that one door serves, and their places in the call. */
export interface Part {
  readonly of: ShardStore;
  readonly keys: readonly string[];
  readonly at: readonly number[];
}

/**
 * The doors of one store with their parts. It alone listens to the doors.
 *
 * Nothing connects before `start`. Calls wait for the first attempt to connect, one `commandTimeout` at most.
 */
export class Shards implements DoorListener {
  readonly tools: Tools;
  readonly tags: Tags;
  /** Changes when servers join a cluster or leave it. */
  all: readonly ShardStore[];
  /** Present if one door serves all keys. */
  only: ShardStore | undefined;
  readonly #remote: Remote;
  #byDoor: ReadonlyMap<Door, ShardStore>;
  readonly #listeners: ((change: KeyChange) => void)[] = [];
  readonly #first: FirstAttempt;

  constructor(remote: Remote, tools: Tools) {
    this.#remote = remote;
    this.tools = tools;
    this.tags = new Tags(this);
    this.#first = new FirstAttempt(tools.clock, tools.config.commandTimeoutMs);
    const hasRedis = remote.doors.length > 0;
    const doors = hasRedis ? remote.doors : [remote.doorFor('')];
    this.all = doors.map((door) => this.#build(door, hasRedis));
    this.only = this.all.length === 1 ? this.all[0] : undefined;
    this.#byDoor = new Map(this.all.map((each) => [each.shard.door, each]));
  }

  start(): void {
    this.#remote.start(this);
    this.#first.begin(() => this.all.map(({ shard }) => shard.door));
  }

  /** Present while Redis has not answered a change that was called. Settles when those of now are settled. */
  get unanswered(): Promise<unknown> | undefined {
    const early = this.#first.changesWait;
    if (early !== undefined) return early;
    const waits = this.all.map((each) => each.unanswered).filter((each) => each !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  close(): void {
    this.#first.end();
    this.#remote.close();
    for (const each of this.all) each.close();
  }

  listenerFor(door: Door): DoorListener {
    const store = this.#byDoor.get(door);
    return store === undefined ? this : new DoorView(store, this);
  }

  doorsChanged(moves: readonly Move[]): void {
    const before = this.#byDoor;
    const { doors } = this.#remote;
    this.all = doors.map((door) => before.get(door) ?? this.#build(door, true));
    this.#byDoor = new Map(this.all.map((each) => [each.shard.door, each]));
    this.only = this.all.length === 1 ? this.all[0] : undefined;
    for (const { from, to } of moves) {
      const [giver, getter] = [before.get(from), this.#byDoor.get(to)];
      if (giver !== undefined && getter !== undefined) inherit(getter, giver);
    }
    for (const giver of new Set(moves.map(({ from }) => before.get(from)))) {
      if (giver !== undefined) giveAway(giver, (key) => this.of(key));
    }
    for (const [door, store] of before) if (!this.#byDoor.has(door)) store.close();
  }

  /** Present during the first attempt to connect. Settles when calls may go on. */
  get ready(): Promise<void> | undefined {
    return this.#first.ready;
  }

  /** The same for a change. */
  readyForChange(): Promise<void> | undefined {
    return this.#first.readyForChange();
  }

  of(key: string): ShardStore {
    return this.only ?? (this.#byDoor.get(this.#remote.doorFor(key)) as ShardStore);
  }

  /** The keys by door, in their order. */
  split(keys: readonly string[]): readonly Part[] {
    const parts = new Map<ShardStore, { keys: string[]; at: number[] }>();
    keys.forEach((key, i) => {
      const shard = this.of(key);
      let part = parts.get(shard);
      if (part === undefined) {
        part = { keys: [], at: [] };
        parts.set(shard, part);
      }
      part.keys.push(key);
      part.at.push(i);
    });
    return [...parts].map(([of, part]) => ({ of, ...part }));
  }

  /** Sends a heartbeat to each server that is read, so that what it has shown until now is known to be its data. */
  async prove(): Promise<void> {
    const doors = this.all.map(({ shard }) => shard.door);
    await Promise.all(doors.map((door) => door.reader && door.prove()));
  }

  onChange(listener: (change: KeyChange) => void): void {
    this.#listeners.push(listener);
  }

  changed(change: KeyChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  changedMatching(pattern: string): void {
    if (this.#listeners.length > 0) this.changed({ matches: compilePattern(pattern) });
  }

  /** Memory evicted the key. */
  evicted(key: string, reason: EvictionReason): void {
    this.tools.observer.evicted(reason);
    this.tools.standby.evicted(key);
    const { ledger, near } = this.of(key).shard;
    ledger.dropLoad(key);
    near?.drop(key);
  }

  get mode(): CacheMode {
    return modeOfAll(this);
  }

  get state(): StoreState {
    return stateOf(this, this.#remote.notice);
  }

  /** How long a request waits for Redis in all, `commandTimeout` at most. */
  get callersPatienceMs(): number {
    const { commandTimeoutMs } = this.tools.config;
    const of = ({ shard }: ShardStore): number =>
      shard.door.reader?.callersPatienceMs ?? commandTimeoutMs;
    return this.only === undefined ? Math.max(...this.all.map(of)) : of(this.only);
  }

  /** One for each server. */
  get servers(): readonly ServerMetrics[] {
    return this.hasRedis ? this.all.map(({ shard }) => metricsOf(shard)) : [];
  }

  get hasRedis(): boolean {
    return this.#remote.doors.length > 0;
  }

  stateChanged(door: Door, state: DoorState, previous: DoorState): void {
    this.#byDoor.get(door)?.stateChanged(state, previous);
  }

  failed(failure: Failure, kind: 'command' | 'connect' | 'probe'): void {
    this.tools.observer.failed(kind, failure);
  }

  attempted(isOk: boolean): void {
    this.tools.observer.attempted(isOk);
  }

  beginFence(): (label: Label) => void {
    const confirms = this.all.map((each) => each.beginFence());
    return (label) => {
      for (const confirm of confirms) confirm(label);
    };
  }

  get hasUnfenced(): boolean {
    return this.all.some(({ shard }) => shard.ledger.hasUnfenced);
  }

  get hasWork(): boolean {
    return this.all.some(({ shard }) => shard.ledger.hasWork);
  }

  bumped(door: Door): void {
    this.#byDoor.get(door)?.shard.ledger.recordBump(door.reign);
  }

  judge(door: Door, evidence: Evidence): 'intact' | 'amnesia' {
    return this.#byDoor.get(door)?.judge(evidence) ?? 'intact';
  }

  replay(door: Door, commands: Commands): Promise<boolean> {
    return this.#byDoor.get(door)?.replay(commands) ?? Promise.resolve(true);
  }

  opened(door: Door, commands: Commands): void {
    this.#byDoor.get(door)?.opened(commands);
  }

  /** Whether memory can answer for a Redis that hesitates: it has the value, and Redis showed it a moment ago. */
  canSpare(fullKey: string): boolean {
    const key = fullKey.slice(this.tools.config.prefix.length);
    return this.tools.standby.isRecent(key, this.of(key).shard.moment);
  }

  #build(door: Door, hasRedis: boolean): ShardStore {
    const { clock, config, observer } = this.tools;
    const onOverflow = (): void => observer.journalOverflowed();
    const ledger = new Ledger({
      clock,
      time: door.time,
      max: config.journalMax,
      lateWritesMs: tombstoneLifeMs(config),
      onOverflow,
    });
    const deferTo: DeferTo = (key, op, stamp) => deferAt(this.of(key), store, { key, op, stamp });
    const shard = new Shard(door, ledger, { ...this.tools, hasRedis, tags: this.tags, deferTo });
    const store = new ShardStore(shard, (key) => this.of(key).shard === shard);
    return store;
  }
}
