import type { CacheMode } from '../api/status.js';
import type { Clock, Timer } from '../core/time/clock.js';
import type { StoreState } from '../tiers/store.js';
import { AddressBook } from './address-book.js';
import type { Edge } from './edge.js';
import { type EdgeLog, PurgeQueue } from './queue/purge-queue.js';
import { ALL_TAG, purgedTags, tagList, tagOfKey } from './tags.js';

/** Answers live shorter at the edge for this long after an outage. */
const CALM_MS = 10_000;

/** Before the cache has connected for the first time it is no outage, up to this long. */
const START_MS = 1_000;

/** How often the tier looks whether the journal was replayed. */
const LOOK_MS = 1_000;

/** A backlog older than this is a fault that people should know of. */
const LATE_MS = 60_000;

/** How long `close()` may wait for purges. */
const CLOSE_MS = 2_000;

export interface EdgeTierOptions {
  readonly edge: Edge;
  readonly clock: Clock;
  readonly log: EdgeLog;
  /** The tiers below. */
  readonly tiers: { readonly mode: CacheMode; readonly state: Pick<StoreState, 'journal'> };
}

/** What happened to keys. */
export interface Changed {
  /** Their values changed; otherwise they were deleted. */
  readonly isSoft: boolean;
  /** Redis may not have the change yet. */
  readonly isDeferred: boolean;
}

/** What an answer says of its tags. */
export type TagField =
  | { readonly kind: 'field'; readonly name: string; readonly text: string }
  | { readonly kind: 'none' }
  /** The tags do not fit, so no purge would reach the answer. */
  | { readonly kind: 'too-many' };

/** What status, health and metrics show. Times are local milliseconds, `errorAt` is since 1970. */
export interface EdgeState {
  readonly name: string;
  readonly backlog: number;
  readonly oldestMs: number;
  readonly isLate: boolean;
  readonly error: { readonly text: string; readonly at: number } | undefined;
  readonly counts: PurgeQueue['counts'] & { readonly coarse: number };
}

/**
 * The third tier: the cache of a CDN. Purges what changed: each tag twice, and once more after the journal was replayed,
 * because another process may have made an answer of the old value until then.
 */
export class EdgeTier {
  readonly #options: EdgeTierOptions;
  readonly #queue: PurgeQueue;
  readonly #book = new AddressBook();
  /** Purged, but perhaps not deleted in Redis; the value: softly. */
  readonly #unsettled = new Map<string, boolean>();
  #look: Timer | undefined;
  #calmAt = 0;
  #hasServed = false;
  #coarse = 0;
  #closing: Promise<void> | undefined;

  constructor(options: EdgeTierOptions) {
    this.#options = options;
    const everything = (): Iterable<string> => this.#book.addressesOf([ALL_TAG]);
    const isTagged = options.edge.tagField !== undefined;
    this.#queue = new PurgeQueue({ ...options, everything: isTagged ? undefined : everything });
  }

  get edge(): Edge {
    return this.#options.edge;
  }

  /** Processes cannot notice each other's changes, or could not until a moment ago: answers live short at the edge. */
  get isDegraded(): boolean {
    const { tiers, clock } = this.#options;
    return tiers.mode !== 'normal' || clock.now() < this.#calmAt;
  }

  get state(): EdgeState {
    const queue = this.#queue;
    const { oldestMs } = queue;
    return {
      name: this.edge.name,
      backlog: queue.backlog,
      oldestMs,
      isLate: oldestMs > LATE_MS,
      error: queue.lastError,
      counts: { ...queue.counts, coarse: this.#coarse },
    };
  }

  modeChanged({ to, durationMs }: { readonly to: CacheMode; readonly durationMs: number }): void {
    if (to !== 'normal') return;
    const isStart = !this.#hasServed && durationMs < START_MS;
    this.#hasServed = true;
    if (!isStart) this.#calmAt = this.#options.clock.now() + CALM_MS;
  }

  keysChanged(keys: readonly string[], how: Changed): void {
    const tags = new Set(keys.filter((key) => !VARIANT.test(key)).flatMap(purgedTags));
    if (tags.size > 0) this.tagsChanged(tags, how);
  }

  everythingChanged(how: Changed): void {
    this.tagsChanged([ALL_TAG], how);
  }

  tagsChanged(tags: Iterable<string>, { isSoft, isDeferred }: Changed): void {
    const list = [...tags];
    this.#purge(list, isSoft);
    if (isDeferred || this.#options.tiers.mode !== 'normal') this.#remember(list, isSoft);
  }

  /** The field for an answer that was made of these keys, and that the edge may store. */
  tagField(keys: readonly string[], address: string): TagField {
    const field = this.edge.tagField;
    if (field === undefined) {
      this.#book.note(address, [ALL_TAG, ...keys.map(tagOfKey)]);
      return { kind: 'none' };
    }
    const { text, isCoarse } = tagList(keys, field);
    if (isCoarse) this.#coarse++;
    return text === undefined ? { kind: 'too-many' } : { kind: 'field', name: field.name, text };
  }

  /** Sends what waits for its first purge, within 2 s. */
  close(): Promise<void> {
    this.#look?.cancel();
    this.#closing ??= this.#queue.close(CLOSE_MS);
    return this.#closing;
  }

  #purge(tags: readonly string[], isSoft: boolean): void {
    if (this.#closing !== undefined) return;
    const isTagged = this.edge.tagField !== undefined;
    this.#queue.add(isTagged ? tags : this.#book.addressesOf(tags), isSoft);
  }

  #remember(tags: readonly string[], isSoft: boolean): void {
    for (const tag of tags) this.#unsettled.set(tag, isSoft && this.#unsettled.get(tag) !== false);
    if (this.#unsettled.size > MOST_UNSETTLED) {
      this.#unsettled.clear();
      this.#unsettled.set(ALL_TAG, false);
    }
    this.#lookSoon();
  }

  #lookSoon(): void {
    if (this.#closing !== undefined || this.#look !== undefined) return;
    this.#look = this.#options.clock.setTimer(() => {
      this.#look = undefined;
      this.#settle();
    }, LOOK_MS);
  }

  /** Redis has every change now: purges once more what was changed before. */
  #settle(): void {
    const { tiers } = this.#options;
    if (tiers.mode !== 'normal' || tiers.state.journal.entries > 0) {
      this.#lookSoon();
      return;
    }
    const unsettled = [...this.#unsettled];
    this.#unsettled.clear();
    for (const isSoft of [true, false]) {
      const tags = unsettled.filter(([, soft]) => soft === isSoft).map(([tag]) => tag);
      if (tags.length > 0) this.#purge(tags, isSoft);
    }
  }
}

const MOST_UNSETTLED = 10_000;

/** A variant of a stored answer: its address has a tag of its own. */
const VARIANT = /^http:#[\w-]+:/;
