import { decodeValue } from '../../entry/codec.js';
import { payloadOffset, tagsOf } from '../../entry/entry.js';
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

/** A value's text, which each caller decodes for itself, so that none shares an object with another. */
export class SharedValue {
  readonly #outcome: Outcome;
  readonly #tier: Found['tier'] | undefined;
  readonly #text: string;
  readonly #offset: number;
  /** Decoded to check that it can be. The first caller takes that object. */
  #first: { readonly value: unknown } | undefined;

  private constructor(text: string, offset: number, from: Pick<Answer, 'outcome' | 'tier'>) {
    this.#text = text;
    this.#offset = offset;
    this.#outcome = from.outcome;
    this.#tier = from.tier;
  }

  /** The value of a tier's entry. Throws when it cannot be decoded. */
  static found(found: Found): SharedValue {
    const { entry, tier, isStale } = found;
    const outcome = isStale ? 'stale' : 'hit';
    const shared = new SharedValue(entry, payloadOffset(entry), { outcome, tier });
    shared.#first = { value: shared.copy() };
    return shared;
  }

  /** The value that a loader made. */
  static loaded(payload: string): SharedValue {
    return new SharedValue(payload, 0, { outcome: 'miss', tier: undefined });
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
    return decodeValue(this.#text, this.#offset);
  }

  /** For a caller: first the object that was decoded, then copies. */
  take(): Answer {
    const first = this.#first;
    this.#first = undefined;
    const value = first === undefined ? this.copy() : first.value;
    return { value, outcome: this.#outcome, tier: this.#tier };
  }
}
