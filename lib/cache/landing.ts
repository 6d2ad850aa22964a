import { decodeValue } from './codec.js';
import { payloadOffset } from './entry.js';
import type { Lookup } from './types.js';

/** A value's text, which each caller decodes for itself, so that none shares an object with another. */
export class Landing {
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

/** The landing of a tier's entry. Throws when it cannot be decoded. */
export function landingOf(
  entry: string,
  outcome: 'hit' | 'stale',
  tier: 'redis' | 'memory',
): Landing {
  return new Landing(entry, payloadOffset(entry), outcome, tier);
}
