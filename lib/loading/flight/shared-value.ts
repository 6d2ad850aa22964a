import { payloadOffset, tagsOf } from '../../entry/entry.js';
import { type Decoded, decodeFor, handOut, type Share } from '../../entry/sharing.js';
import type { Outcome } from '../../tiers/observer.js';
import type { Found } from '../../tiers/store.js';

const NO_TAGS: readonly string[] = [];

/** The answer to one caller: a value of its own, and where it came from. */
export interface Answer {
  readonly value: unknown;
  readonly outcome: Outcome;
  /** Absent for a miss: the loader made the value. */
  readonly tier: Found['tier'] | undefined;
}

/**
 * A value's text. Each caller decodes it for itself, so that none shares an object with another, unless the cache shares
 * frozen objects.
 */
export class SharedValue {
  readonly #outcome: Outcome;
  readonly #tier: Found['tier'] | undefined;
  readonly #text: string;
  readonly #offset: number;
  readonly #share: Share;
  /** Decoded to check that it can be. The first caller takes that object; of a frozen one, all do. */
  #first: Decoded | undefined;

  private constructor(
    text: string,
    offset: number,
    from: Pick<Answer, 'outcome' | 'tier'> & { readonly share: Share },
  ) {
    this.#text = text;
    this.#offset = offset;
    this.#outcome = from.outcome;
    this.#tier = from.tier;
    this.#share = from.share;
  }

  /** The value of a tier's entry. Throws when it cannot be decoded. */
  static found(found: Found, share: Share = 'copy'): SharedValue {
    const { entry, tier, isStale, kept } = found;
    const outcome = isStale ? 'stale' : 'hit';
    const shared = new SharedValue(entry, payloadOffset(entry), { outcome, tier, share });
    shared.#first =
      kept === undefined ? shared.#decode() : { value: handOut(kept), isFrozen: kept.isFrozen };
    return shared;
  }

  /** The value that a loader made. */
  static loaded(payload: string, share: Share = 'copy'): SharedValue {
    return new SharedValue(payload, 0, { outcome: 'miss', tier: undefined, share });
  }

  /** Whether an entry holds the same value. */
  isIn(entry: string): boolean {
    return this.#text.slice(this.#offset) === entry.slice(payloadOffset(entry));
  }

  /** The tags of a tier's entry. */
  get tags(): readonly string[] {
    if (this.#tier === undefined) return NO_TAGS;
    return tagsOf(this.#text)?.map(({ tag }) => tag) ?? NO_TAGS;
  }

  /** Returns a new copy. */
  copy(): unknown {
    return this.#decode().value;
  }

  /** For a caller: first the object that was decoded, then copies; or the frozen object, each time. */
  take(): Answer {
    const decoded = this.#first ?? this.#decode();
    this.#first = decoded.isFrozen ? decoded : undefined;
    return { value: decoded.value, outcome: this.#outcome, tier: this.#tier };
  }

  #decode(): Decoded {
    return decodeFor(this.#share, this.#text, this.#offset);
  }
}
