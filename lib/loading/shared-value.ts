import type { Lookup } from '../api/events.js';
import { decodeValue } from '../entry/codec.js';
import { payloadOffset } from '../entry/entry.js';

/** A value's text, which each caller decodes for itself, so that none shares an object with another. */
export class SharedValue {
  readonly outcome: Lookup['outcome'];
  readonly tier: 'redis' | 'memory' | undefined;
  readonly #text: string;
  readonly #offset: number;
  /** Decoded once to know that it can be; the first caller takes that object. */
  #first: { readonly value: unknown } | undefined;

  /** Throws when the text cannot be decoded. */
  constructor(
    text: string,
    offset: number,
    outcome: Lookup['outcome'],
    tier: 'redis' | 'memory' | undefined,
  ) {
    this.#text = text;
    this.#offset = offset;
    this.outcome = outcome;
    this.tier = tier;
    this.#first = { value: decodeValue(text, offset) };
  }

  /** A copy of its own. */
  copy(): unknown {
    return decodeValue(this.#text, this.#offset);
  }

  /** For a caller: the object decoded first, then copies. */
  take(): unknown {
    const first = this.#first;
    if (first === undefined) return this.copy();
    this.#first = undefined;
    return first.value;
  }
}

/** The shared value of a tier's entry. Throws when it cannot be decoded. */
export function sharedValueOf(
  entry: string,
  outcome: 'hit' | 'stale',
  tier: 'redis' | 'memory',
): SharedValue {
  return new SharedValue(entry, payloadOffset(entry), outcome, tier);
}
