import type { KnownKey } from './known-keys.js';

/** What one more load says counts this much less with each that follows: half after 34. */
const FADING = 0.98;

/** A group is made of many keys, so it may remember more. */
const GROUP_FADING = 0.998;

/** A key that is hardly known changes as its group does. The group counts as this many changes. */
const GROUP_WEIGHT = 2;

/** Changes, and the time in which they were. */
interface Rate {
  changes: number;
  watchedMs: number;
}

/**
 * How often values change, from loads that show only whether a value is still the same: expectation maximisation for a
 * Poisson process that is seen at irregular times (Cho and Garcia-Molina, "Estimating frequency of change", 2003, has
 * the problem). A key is drawn towards its group as long as little is known of it.
 */
export class ChangeRates {
  readonly #group: Rate = { changes: 0, watchedMs: 0 };

  /** Changes in a millisecond. `fallback`: while nothing is known of the group. */
  of(known: Rate, fallback: number): number {
    const group = this.group ?? fallback;
    return (known.changes + GROUP_WEIGHT) / (known.watchedMs + GROUP_WEIGHT / group);
  }

  /** The rate of the group; `undefined` before the first change. */
  get group(): number | undefined {
    const { changes, watchedMs } = this.#group;
    return changes > 0 && watchedMs > 0 ? changes / watchedMs : undefined;
  }

  /** A load showed after `gapMs` whether the value is another one. */
  saw(known: KnownKey, gapMs: number, isChanged: boolean): void {
    const rate = this.of(known, 1 / known.ttlMs);
    const expected = isChanged ? expectedChanges(rate * gapMs) : 0;
    add(known, { changes: expected, watchedMs: gapMs }, FADING);
    add(this.#group, { changes: expected, watchedMs: gapMs }, GROUP_FADING);
  }
}

/** No interval is taken to have more. */
const MOST_CHANGES = 16;

/**
 * When a value may have changed in an interval of which one only knows that it did: the times of a Poisson process
 * with this rate that has at least one change.
 */
export function drawChanges(
  { from, to }: { readonly from: number; readonly to: number },
  changesPerMs: number,
  random: () => number,
): readonly number[] {
  const mean = Math.min(MOST_CHANGES / 2, changesPerMs * (to - from));
  let count = 1;
  // The chance of one, of two, and so on, by the inverse of the distribution without none.
  let chance = mean < 1e-6 ? 1 : mean / Math.expm1(mean);
  let left = random() - chance;
  while (left > 0 && count < MOST_CHANGES) {
    count++;
    chance *= mean / count;
    left -= chance;
  }
  const times = Array.from({ length: count }, () => from + random() * (to - from));
  return count === 1 ? times : times.sort((a, b) => a - b);
}

/** The mean number of changes, if there was one at least and `mean` were expected. */
function expectedChanges(mean: number): number {
  return mean < 1e-6 ? 1 : mean / -Math.expm1(-mean);
}

function add(rate: Rate, { changes, watchedMs }: Readonly<Rate>, fading: number): void {
  rate.changes = fading * rate.changes + changes;
  rate.watchedMs = fading * rate.watchedMs + watchedMs;
}
