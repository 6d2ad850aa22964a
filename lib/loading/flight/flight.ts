import type { LoadMessage } from '../../core/diagnostics/channels.js';
import type { Lease, TagChangeTime } from '../../tiers/store.js';
import type { Bulkhead } from '../bulkhead/bulkhead.js';
import type { Place } from '../bulkhead/place.js';
import type { FlightGroup, GroupMember, GroupRun } from './flight-group.js';
import type { SharedValue } from './shared-value.js';

/**
 * How a flight ended.
 * - `absent`: the loader of many keys did not return this one.
 * - `elsewhere`: nothing was loaded here (another process refreshes the key, or the flight was called off).
 *   Waiting callers begin a new load.
 */
export type FlightOutcome =
  | { readonly kind: 'value'; readonly value: SharedValue }
  | { readonly kind: 'absent' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Gets the end of a flight. It is an object, not a function, because one call may wait for thousands. */
export interface FlightListener {
  flightEnded(outcome: FlightOutcome): void;
}

/** A run of a loader, as its flights and those that it waits for see it. */
export interface LoaderRun extends GroupRun {
  readonly isRunning: boolean;
  /** The flights that its loader waits for. */
  readonly waits: Iterable<Wait>;
  /** The loader of `waiter` waits for this run, which may have its place. */
  lend(waiter: LoaderRun): void;
  unlend(waiter: LoaderRun): void;
  /** The place in that bulkhead that it, or the run that began it, has. */
  placeIn(bulkhead: Bulkhead): Place | undefined;
}

/** A loader waits for a flight. */
export interface Wait {
  readonly run: LoaderRun;
  readonly flight: Flight;
}

const NO_TAGS: readonly string[] = [];

export interface FlightOptions {
  readonly key: string;
  readonly group: FlightGroup;
  /** An expired value of the key that the caller which begins the flight has found. */
  readonly stale: SharedValue | undefined;
  readonly onEnd: (flight: Flight) => void;
}

/**
 * The load of one key, shared by all callers that come while it runs.
 *
 * Invariants: it ends once; the value of a void flight goes to the callers that already wait and is stored
 * nowhere.
 */
export class Flight implements GroupMember {
  readonly key: string;
  readonly group: FlightGroup;
  readonly stale: SharedValue | undefined;
  readonly #onEnd: (flight: Flight) => void;
  /** The right to store the loaded value, once it is granted. */
  lease: Lease | undefined;
  /** Whether the loaded value may be stored: under the lease, or (without Redis) in memory alone. */
  isStorable = false;
  /** The run of the loader that makes this key, once there is one. */
  run: LoaderRun | undefined;
  outcome: FlightOutcome | undefined;
  /** The message of its load, if a tracer gets it. */
  trace: LoadMessage | undefined;
  /** The loaders that wait for it. */
  #waits: Set<Wait> | undefined;
  /** The waiting callers. Most flights have one, and there may be thousands of flights. */
  #listener: FlightListener | undefined;
  #moreListeners: Set<FlightListener> | undefined;
  #wasChanged = false;
  /** The tags that its loader has named. */
  #named: readonly string[] = NO_TAGS;
  /** A tag of its value was invalidated. */
  #wasUntagged = false;
  /** A tag of its value was invalidated before its loader began: its stale value must not be given. */
  #isStaleOutdated = false;
  /** Its loader has named a tag that was invalidated while it ran. */
  #isOutdated = false;

  constructor({ key, group, stale, onEnd }: FlightOptions) {
    this.key = key;
    this.group = group;
    this.stale = stale;
    this.#onEnd = onEnd;
    group.add(this);
  }

  /** The key was changed since the flight began, here or (as the lease tells) by another process. */
  get isVoid(): boolean {
    return this.#wasUntagged || this.#hasLostLease;
  }

  /** A change of the key takes its lease away; that of a tag leaves it there. */
  get #hasLostLease(): boolean {
    return this.#wasChanged || this.lease?.isVoid === true;
  }

  /** Whether the stale values of its key may be given to callers. */
  get allowsStale(): boolean {
    return !this.isVoid && !this.#isStaleOutdated;
  }

  /** Whether a caller that comes now may share it. */
  get isJoinable(): boolean {
    return this.outcome === undefined && !this.isVoid;
  }

  get waits(): Iterable<Wait> {
    return this.#waits ?? [];
  }

  invalidate(): void {
    this.#wasChanged = true;
  }

  /**
   * A tag of its value was invalidated. A loader that has not begun reads what was there after an earlier change,
   * so only the stale value is void then.
   */
  invalidateByTag(when: TagChangeTime): void {
    if (when === 'now' || this.run !== undefined) this.#wasUntagged = true;
    else this.#isStaleOutdated = true;
  }

  /** Whether its value, as far as known, has one of these tags, or was to replace one that has. */
  hasTag(tags: ReadonlySet<string>): boolean {
    const isIn = (tag: string): boolean => tags.has(tag);
    const isTagged = this.group.tags.some(isIn) || this.#named.some(isIn);
    return isTagged || this.stale?.tags.some(isIn) === true;
  }

  /** Its loader has named these. It goes on until its value is stored, and callers may join it until then. */
  addTags(tags: readonly string[]): void {
    this.#named = tags;
  }

  /** Its loader has named a tag that was invalidated while it ran. */
  outdate(): void {
    this.#wasUntagged = true;
    this.#isOutdated = true;
  }

  /**
   * Whether its value may be too old for a caller that came at this position. Only the last time at which a tag was
   * invalidated is known, and there may have been earlier ones. So it may be for all but the caller that began it.
   */
  mayBeTooOldFor(position: number): boolean {
    return this.#isOutdated && position > this.group.since.position;
  }

  end(outcome: FlightOutcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.#onEnd(this);
    this.group.memberEnded();
    const [first, others] = [this.#listener, this.#moreListeners];
    this.#listener = undefined;
    this.#moreListeners = undefined;
    first?.flightEnded(outcome);
    if (others !== undefined) for (const listener of others) listener.flightEnded(outcome);
  }

  fail(error: unknown): void {
    this.end({ kind: 'failed', error });
  }

  callOff(): void {
    this.end({ kind: 'elsewhere' });
  }

  listen(listener: FlightListener): void {
    if (this.#listener === undefined) {
      this.#listener = listener;
      return;
    }
    this.#moreListeners ??= new Set();
    this.#moreListeners.add(listener);
  }

  unlisten(listener: FlightListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else this.#moreListeners?.delete(listener);
  }

  /** Nothing is stored for it. Gives the lease back, unless a change has taken it. */
  giveUpLease(): void {
    if (this.#hasLostLease) this.lease?.abandon();
    else this.lease?.release();
  }

  /** A loader waits for this flight and lends it its place. The flight must not wait for that loader. */
  beginWait(wait: Wait): void {
    this.#waits ??= new Set();
    this.#waits.add(wait);
    this.run?.lend(wait.run);
  }

  endWait(wait: Wait): void {
    this.#waits?.delete(wait);
    this.run?.unlend(wait.run);
  }
}
