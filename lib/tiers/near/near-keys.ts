import { inBackground } from '../../core/background.js';
import type { Clock } from '../../core/time/clock.js';
import { versionOf, withoutLease } from '../../entry/entry.js';
import { tagOfKey } from '../../entry/entry-tags.js';
import { RESERVED } from '../../entry/layout.js';
import type { Commands, Door, News } from '../../redis/remote.js';
import { LocalChanges } from '../ledger/local-changes.js';
import type { Observer } from '../observer.js';
import type { Moment, Standby } from '../standby.js';
import type { Found } from '../store.js';
import type { TagCheck } from '../tags/tag-check.js';
import type { TierConfig } from '../tier-options.js';

/** So many near hits go by between two that also ask Redis. */
const CHECK_EVERY = 10_000;

/** The door to the keys, and what this process knows of them. */
export interface NearParts {
  readonly door: Door;
  readonly tools: {
    readonly config: TierConfig;
    readonly clock: Clock;
    readonly standby: Standby;
    readonly observer: Observer;
    readonly tags: TagCheck;
  };
  /** The conditions for an entry in memory now. */
  readonly moment: Moment;
  /** The complete key in Redis. */
  fullKey(key: string): string;
}

/** A read after which the server tells of the key's next change. */
export interface Watch {
  readonly news: News;
  /** How many changes the server had told before it. */
  readonly position: number;
}

/**
 * The keys of one door whose value memory may give although Redis is used, because the server tells when they
 * change.
 *
 * Invariants: a value is given only if the server showed it on the present connection, has told no change of its
 * key since, and has answered something that was sent within the last `maxStaleMs`. What is in doubt is asked of
 * Redis.
 */
export class NearKeys {
  readonly #parts: NearParts;
  readonly #maxStaleMs: number;
  readonly #max: number;
  /** Their entries, the one read first at the front. */
  readonly #keys = new Map<string, string>();
  readonly #changes = new LocalChanges();
  #news: News | undefined;
  #leave: () => void = () => {};
  #hits = 0;

  constructor(parts: NearParts, maxStaleMs: number) {
    this.#parts = parts;
    this.#maxStaleMs = maxStaleMs;
    this.#max = parts.tools.config.memory?.max ?? 0;
  }

  /** From now on the server of this connection tells. */
  follow({ news }: Commands): void {
    this.stop();
    this.#news = news;
    if (news === undefined) this.#parts.tools.config.near?.onSilent();
    else this.#leave = news.listen((fullKey) => this.#changed(fullKey));
  }

  /** The connection is lost, or not used any more. The values stay in memory, as the fallback. */
  stop(): void {
    this.#leave();
    this.#leave = () => {};
    this.#news = undefined;
    this.#keys.clear();
  }

  /** The value, if it is near. Call it only if Redis may be read for this key. */
  find(key: string): Found | undefined {
    const entry = this.#keys.get(key);
    const news = this.#news;
    if (entry === undefined || news === undefined) return undefined;
    const { door, tools } = this.#parts;
    const ageMs = tools.clock.now() - news.completeUntil;
    if (ageMs > this.#maxStaleMs || !door.isProven()) return undefined;
    const found = tools.standby.get(key, this.#parts.moment);
    // Whatever this process does to a key replaces or removes its entry in memory.
    if (found?.entry !== entry || found.isStale) {
      this.#keys.delete(key);
      return undefined;
    }
    if (ageMs > this.#maxStaleMs / 2) inBackground(() => news.ask());
    if (++this.#hits % CHECK_EVERY === 0) void inBackground(() => this.#check(key, entry));
    return { entry, tier: 'near', isStale: false, kept: found.kept };
  }

  /** How to read a key so that it is near afterwards; `undefined`: it is not worth it, or the server does not tell. */
  watch(key: string): Watch | undefined {
    const news = this.#news;
    if (news === undefined || !news.isOn || !this.#parts.tools.standby.isHot(key)) return undefined;
    return { news, position: this.#changes.position };
  }

  /** Redis showed this entry in a read with `watch`, and memory keeps it. */
  admit(key: string, entry: string, { news, position }: Watch): void {
    const isStill = news === this.#news && news.isOn && this.#changes.isUnchanged(key, position);
    if (!isStill) return;
    this.#keys.delete(key);
    this.#keys.set(key, entry);
    if (this.#keys.size <= this.#max) return;
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest);
      return;
    }
  }

  /** Memory does not have the key any more. */
  drop(key: string): void {
    this.#keys.delete(key);
  }

  #changed(fullKey: string | undefined): void {
    const { prefix } = this.#parts.tools.config;
    const key = fullKey?.slice(prefix.length);
    const tag = key === undefined ? undefined : tagOfKey(key);
    // With another generation, all keys are other ones.
    if (key === undefined || (tag === undefined && key.startsWith(RESERVED))) {
      this.#allChanged();
      return;
    }
    this.#changes.record(key);
    this.#forget(key);
    if (tag !== undefined) this.#parts.tools.tags.toldOf(tag);
  }

  #allChanged(): void {
    this.#changes.noteAll();
    for (const key of [...this.#keys.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    const entry = this.#keys.get(key);
    if (entry === undefined) return;
    this.#keys.delete(key);
    this.#parts.tools.standby.distrust(key, entry);
  }

  /** Asks Redis what it would have given. */
  async #check(key: string, entry: string): Promise<void> {
    const { door, tools } = this.#parts;
    const nowMs = door.time.now();
    const slot = await door.reader?.get(this.#parts.fullKey(key));
    // Of a key that is gone we do not know since when.
    if (typeof slot !== 'string') return;
    const version = versionOf(withoutLease(slot));
    const isOther = version > versionOf(entry);
    tools.observer.nearChecked(isOther ? Math.max(0, nowMs - version / 1_000) : 0);
  }
}
