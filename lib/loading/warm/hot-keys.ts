import type { HotList } from './hot-list-format.js';
import { SpaceSaving } from './space-saving.js';

/** Counters for each place on the list. With ten, the list has 96 to 99 % of the keys that exact counts would give. */
const COUNTERS_PER_KEY = 10;

/** A sighting counts half after this many later ones, for each place on the list: 5,000 for a list of 500. */
const HALF_LIFE_PER_KEY = 10;

/** What a list says counts half after this time, so that the lists of several processes can be joined. */
const LIST_HALF_LIFE_MS = 5 * 60_000;

/** Which keys are asked for most, lately. Old sightings count less. */
export class HotKeys {
  readonly #maxKeys: number;
  readonly #counts: SpaceSaving;
  #untilHalved: number;
  #seen = 0;
  #written = 0;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
    this.#counts = new SpaceSaving(maxKeys * COUNTERS_PER_KEY);
    this.#untilHalved = maxKeys * HALF_LIFE_PER_KEY;
  }

  saw(key: string): void {
    this.#seen++;
    this.#counts.add(key);
    if (--this.#untilHalved > 0) return;
    this.#counts.halve();
    this.#untilHalved = this.#maxKeys * HALF_LIFE_PER_KEY;
  }

  /** Takes over what a list says, of this process or of another one. */
  absorb(list: HotList, nowMs: number): void {
    const share = 0.5 ** (Math.max(0, nowMs - list.at) / LIST_HALF_LIFE_MS);
    // However old the list is, its order counts.
    for (const [key, count] of list.keys) this.#counts.raise(key, Math.max(count * share, 0.01));
  }

  /** Hottest first. */
  list(nowMs: number): HotList {
    return { at: nowMs, keys: this.#counts.top(this.#maxKeys) };
  }

  /** Whether a key was seen since `written`. */
  get hasChanged(): boolean {
    return this.#seen !== this.#written;
  }

  written(): void {
    this.#written = this.#seen;
  }
}
