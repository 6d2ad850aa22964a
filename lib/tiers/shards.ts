import type { CacheReason } from '../api/reason.js';
import type { CacheMode } from '../api/status.js';
import { compileGlob } from '../core/glob.js';
import type { Failure } from '../redis/failure.js';
import type {
  Commands,
  Door,
  DoorListener,
  DoorState,
  Evidence,
  Label,
  Lane,
  Remote,
} from '../redis/remote.js';
import type { Waiter } from './changes/change.js';
import { Ledger } from './ledger/ledger.js';
import { modeOf, reasonOf, worstOf } from './mode.js';
import { Shard, type Tools } from './shard.js';
import { ShardStore } from './shard-store.js';
import type { CallMoment, KeyChange, NewValue, StoreState } from './store.js';

/** The keys of one call that one door serves: their places in the call. */
export interface Part {
  readonly of: ShardStore;
  readonly at: readonly number[];
}

/** How a change is called. */
export interface ShardCall {
  readonly lane: Lane;
  readonly waiter: Waiter;
  readonly moment: CallMoment;
}

/**
 * The doors of one store, each with what it needs, and the one place that hears what they tell.
 *
 * Nothing connects before `start`. Calls that are made while the first connection is attempted wait for it,
 * one `commandTimeout` at most.
 */
export class Shards implements DoorListener {
  readonly tools: Tools;
  readonly all: readonly ShardStore[];
  readonly #remote: Remote;
  readonly #byDoor: ReadonlyMap<Door, ShardStore>;
  readonly #listeners: ((change: KeyChange) => void)[] = [];
  #ready: Promise<void> | undefined;

  constructor(remote: Remote, tools: Tools) {
    this.#remote = remote;
    this.tools = tools;
    const hasRedis = remote.doors.length > 0;
    const doors = hasRedis ? remote.doors : [remote.doorFor('')];
    this.all = doors.map((door) => this.#build(door, hasRedis));
    this.#byDoor = new Map(this.all.map((each) => [each.shard.door, each]));
  }

  start(): void {
    const { clock, config } = this.tools;
    this.#remote.start(this);
    const attempts = this.all.flatMap(({ shard }) => shard.door.firstAttempt ?? []);
    if (attempts.length === 0) return;
    this.#ready = new Promise((resolve) => {
      const end = (): void => {
        this.#ready = undefined;
        timer.cancel();
        resolve();
      };
      const timer = clock.setTimer(end, config.commandTimeoutMs, { ref: true });
      void Promise.all(attempts).then(end);
    });
  }

  close(): void {
    this.#remote.close();
    for (const each of this.all) each.close();
  }

  /** While the first connection is attempted: settles when calls may go on. */
  get ready(): Promise<void> | undefined {
    return this.#ready;
  }

  of(key: string): ShardStore {
    const only = this.all.length === 1 ? this.all[0] : undefined;
    return only ?? (this.#byDoor.get(this.#remote.doorFor(key)) as ShardStore);
  }

  /** The keys by door, in their order. */
  split(keys: readonly string[]): readonly Part[] {
    if (keys.length === 0) return [];
    if (this.all.length === 1)
      return [{ of: this.all[0] as ShardStore, at: keys.map((_, i) => i) }];
    const parts = new Map<ShardStore, number[]>();
    keys.forEach((key, i) => {
      const shard = this.of(key);
      const at = parts.get(shard);
      if (at === undefined) parts.set(shard, [i]);
      else at.push(i);
    });
    return [...parts].map(([of, at]) => ({ of, at }));
  }

  change(key: string, value: NewValue | undefined, { lane, waiter, moment }: ShardCall): void {
    const shard = this.of(key);
    const stamp = moment.stamps[this.all.indexOf(shard)] ?? shard.shard.door.time.stamp();
    shard.writer.change(key, value, { lane, waiter, stamp });
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
    this.tools.standby.forget(key);
    this.of(key).shard.ledger.dropLoad(key);
  }

  get state(): StoreState {
    const states = this.all.map(({ shard }) => shard.door.state);
    const state = worstOf(states);
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
    this.#byDoor.get(door)?.shard.ledger.noteBump(door.reign);
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
    const ledger = new Ledger({ clock, max: config.journalMax, onOverflow });
    return new ShardStore(new Shard(door, ledger, { ...this.tools, hasRedis }));
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
