import type { CacheReason } from '../api/reason.js';
import type { CacheMode } from '../api/status.js';
import { compileGlob } from '../core/glob.js';
import { tombstoneLifeMs } from '../entry/write-times.js';
import type { Failure } from '../redis/failure.js';
import type {
  Commands,
  Door,
  DoorListener,
  DoorState,
  Evidence,
  Label,
  Remote,
} from '../redis/remote.js';
import { Ledger } from './ledger/ledger.js';
import { modeOf, reasonOf, worstOf } from './mode.js';
import { Shard, type Tools } from './shard.js';
import { ShardStore } from './shard-store.js';
import type { KeyChange, StoreState } from './store.js';

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
  readonly all: readonly ShardStore[];
  /** Present if one door serves all keys. */
  readonly only: ShardStore | undefined;
  readonly #remote: Remote;
  readonly #byDoor: ReadonlyMap<Door, ShardStore>;
  readonly #listeners: ((change: KeyChange) => void)[] = [];
  #ready: Promise<void> | undefined;
  #endWait: () => void = () => {};

  constructor(remote: Remote, tools: Tools) {
    this.#remote = remote;
    this.tools = tools;
    const hasRedis = remote.doors.length > 0;
    const doors = hasRedis ? remote.doors : [remote.doorFor('')];
    this.all = doors.map((door) => this.#build(door, hasRedis));
    this.only = this.all.length === 1 ? this.all[0] : undefined;
    this.#byDoor = new Map(this.all.map((each) => [each.shard.door, each]));
  }

  start(): void {
    const { clock, config } = this.tools;
    this.#remote.start(this);
    const attempts = this.all.flatMap(({ shard }) => shard.door.firstAttempt ?? []);
    if (attempts.length === 0) return;
    const ready = new Promise<void>((resolve) => {
      this.#endWait = resolve;
    });
    const timer = clock.setTimer(this.#endWait, config.commandTimeoutMs, { ref: true });
    void Promise.all(attempts).then(this.#endWait);
    this.#ready = ready;
    // This runs before the waiting calls, so that later calls go behind them.
    void ready.then(() => {
      timer.cancel();
      this.#ready = undefined;
    });
  }

  close(): void {
    this.#endWait();
    this.#remote.close();
    for (const each of this.all) each.close();
  }

  /** Present during the first attempt to connect. Settles when calls may go on. */
  get ready(): Promise<void> | undefined {
    return this.#ready;
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

  onChange(listener: (change: KeyChange) => void): void {
    this.#listeners.push(listener);
  }

  changed(change: KeyChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  changedMatching(pattern: string): void {
    if (this.#listeners.length > 0) this.changed({ matches: compileGlob(pattern) });
  }

  /** Memory evicted the key. */
  evicted(key: string): void {
    this.tools.standby.evicted(key);
    this.of(key).shard.ledger.dropLoad(key);
  }

  get mode(): CacheMode {
    return this.#mode(this.#worstState);
  }

  get state(): StoreState {
    const state = this.#worstState;
    const counts = this.all.map(({ shard }) => shard.ledger.counts);
    const sum = (field: 'entries' | 'max' | 'overflows'): number =>
      counts.reduce((total, each) => total + each[field], 0);
    return {
      mode: this.#mode(state),
      reason: this.#reason(state),
      isConnected: this.hasRedis && isConnected(state),
      isReadOnly: state.name === 'read-only',
      nextAttemptAt: 'nextAttemptAt' in state ? state.nextAttemptAt : undefined,
      hasRedis: this.hasRedis,
      notice: this.#remote.notice,
      journal: { entries: sum('entries'), max: sum('max'), overflows: sum('overflows') },
      memory: this.tools.standby.state,
    };
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
    const shard = new Shard(door, ledger, { ...this.tools, hasRedis });
    return new ShardStore(shard, (key) => this.of(key).shard === shard);
  }

  get #worstState(): DoorState {
    if (this.only !== undefined) return this.only.shard.door.state;
    return worstOf(this.all.map(({ shard }) => shard.door.state));
  }

  #mode(state: DoorState): CacheMode {
    const hasMemory = this.tools.standby.state !== null;
    if (!this.hasRedis) return hasMemory ? 'normal' : 'database-only';
    return modeOf(state, hasMemory);
  }

  #reason(state: DoorState): CacheReason | undefined {
    return this.hasRedis ? reasonOf(state) : undefined;
  }
}

function isConnected({ name }: DoorState): boolean {
  return name === 'closed' || name === 'read-only' || name === 'recovering' || name === 'settling';
}
