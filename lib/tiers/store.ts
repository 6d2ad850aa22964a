import type { WriteResult } from '../api/cache.js';
import type { CacheReason } from '../api/reason.js';
import type { CacheMode } from '../api/status.js';
import type { TagVersion } from '../entry/entry-tags.js';
import type { Kept } from '../entry/sharing.js';
import type { DoorState } from '../redis/remote.js';

/** An entry that a tier found. `text` is the entry, see lib/entry/layout.ts. */
export interface Found {
  readonly entry: string;
  readonly tier: 'near' | 'redis' | 'memory';
  readonly isStale: boolean;
  /** The decoded value, if memory keeps it. */
  readonly kept?: Kept | undefined;
}

/** An encoded value to store. */
export interface NewValue {
  readonly payload: string;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  /** Absent: it has no tags. */
  readonly tags?: readonly TagVersion[] | undefined;
}

/** The right to store one loaded value. Renewed by the store until it is filled, given back, or void. */
export interface Lease {
  readonly key: string;
  /** Redis answered that the lease is void, so later callers begin a new load. */
  readonly isVoid: boolean;
  /** Gives the right back without a value. */
  release(): void;
  /** The key was changed, so there is nothing to store and nothing to give back. */
  abandon(): void;
}

export type Claim =
  /** This process loads the key; `fill` stores what it loaded. `stale`: an expired entry within its grace. */
  | { readonly kind: 'granted'; readonly lease: Lease }
  /** Another caller or process has stored a fresh value. */
  | { readonly kind: 'value'; readonly found: Found }
  /** Another process is loading it. */
  | { readonly kind: 'held' }
  /** There is no Redis: load for this process alone. */
  | { readonly kind: 'none' };

/**
 * A loaded value and where it may be stored: under a lease, or without one (`none`) in memory alone, for
 * `outageTtl`.
 */
export interface Loaded {
  readonly key: string;
  readonly lease: Lease | undefined;
  readonly value: NewValue;
}

export type KeyChange =
  | { readonly key: string }
  | { readonly matches: (key: string) => boolean }
  /** Entries with one of these tags are not valid any more. Another process may have made the change. */
  | { readonly tags: ReadonlySet<string>; readonly when: TagChangeTime };

/**
 * - `now`: the tags are being changed, or were just now.
 * - `earlier`: a read has shown that they were changed some time before it was answered.
 */
export type TagChangeTime = 'now' | 'earlier';

/** A moment in the order of events that concern tags. */
export interface TagMoment {
  readonly position: number;
  /** Local, monotonic. */
  readonly at: number;
}

/** What the versions of tags are for. */
export interface TagNeed {
  /** How long the entry will live. */
  readonly lifeMs: number;
  /** When the load began that has made the value, if the tags are named only now. */
  readonly since?: TagMoment | undefined;
}

/** `undefined`: one of the tags may have been invalidated since the load began, so its value must not be stored. */
export type TagVersions = readonly TagVersion[] | undefined;

/** One server of a cluster. */
export interface ShardState {
  readonly address: string;
  readonly slots: string;
  readonly state: DoorState;
  readonly reason: CacheReason | undefined;
  /** When it was used, or not used, for the first time since (local, monotonic). */
  readonly changedAt: number;
}

/** A snapshot of the tiers. Never contacts Redis. */
export interface StoreState {
  readonly mode: CacheMode;
  readonly reason: CacheReason | undefined;
  /** Whether there is a working connection to Redis. */
  readonly isConnected: boolean;
  /** Redis is read but not written to. */
  readonly isReadOnly: boolean;
  /** When Redis is tried next (local, monotonic). */
  readonly nextAttemptAt: number | undefined;
  readonly hasRedis: boolean;
  /** The servers of a cluster; empty if Redis is no cluster. */
  readonly shards?: readonly ShardState[] | undefined;
  /** What people should know although Redis is used. */
  readonly notice?: string | undefined;
  readonly journal: { readonly entries: number; readonly max: number; readonly overflows: number };
  readonly memory: {
    readonly entries: number;
    readonly max: number;
    readonly bytes: number;
    readonly maxBytes: number;
  } | null;
}

/**
 * Keys are the caller's (no prefix). No method rejects. A change is made before its call returns, so that the
 * order of calls is the order of changes: give some hundred keys at once, not thousands.
 */
export interface Store {
  get(key: string): Found | undefined | Promise<Found | undefined>;
  /** In the order of the keys, which are unique. */
  getMany(keys: readonly string[]): Promise<readonly (Found | undefined)[]>;
  put(key: string, value: NewValue): Promise<WriteResult>;
  putMany(entries: readonly (readonly [string, NewValue])[]): Promise<WriteResult>;
  remove(key: string): Promise<WriteResult>;
  removeMany(keys: readonly string[]): Promise<WriteResult>;
  clear(pattern: string): Promise<WriteResult>;
  /** Returns one answer per key. `refresh`: claims even if there is a fresh value. */
  claim(keys: readonly string[], mode: 'load' | 'refresh'): Promise<readonly Claim[]>;
  /** Stores loaded values; resolves when their outcome is known, or the request's budget ends. */
  fill(loaded: readonly Loaded[]): Promise<void>;
  /** The versions of tags for a new entry. Get those of a load before it begins, if its tags are known then. */
  tagVersions(tags: readonly string[], need: TagNeed): TagVersions | Promise<TagVersions>;
  /** Entries that have one of the tags are not valid any more. */
  invalidateTags(tags: readonly string[]): Promise<WriteResult>;
  /** Call it when a load begins. */
  tagMoment(): TagMoment;
  /** Whether one of the tags was invalidated after `since`, as far as known. */
  tagsChangedSince(tags: readonly string[], since: TagMoment): boolean;
  /** Returns a fresh value of memory, without reading Redis. */
  peek(key: string): Found | undefined;
  /** Reports that an entry cannot be decoded: it counts as a miss and an error, and memory drops it. */
  unreadable(key: string): void;
  readonly state: StoreState;
  /** The mode of `state`, which costs less than the whole. */
  readonly mode: CacheMode;
  /** Milliseconds since 1970 by the clock that dates the entries of this key: the server's. */
  timeOf(key: string): number;
  /** The same store with one waiting budget for all its calls. */
  forRequest(): Store;
  /** The listener gets every change of this process (set, delete, clear), in the call itself, before it is sent. */
  onChange(listener: (change: KeyChange) => void): void;
}
