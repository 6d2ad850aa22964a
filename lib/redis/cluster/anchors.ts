import { SLOTS, slotOfKey } from './key-slot.js';

/** The first and the last slot of a row of slots. */
export type SlotRange = readonly [from: number, to: number];

/** A tag for each sixteenth of the slots: the first `c<n>` that falls into it. */
const SIXTEENTHS: readonly string[] =
  'c10 c21 c2 c43 c11 c20 c3 c42 c12 c23 c0 c41 c13 c22 c1 c40'.split(' ');

/** Enough to meet every slot: each try meets a given one with a chance of 1 in 16,384. */
const MAX_TRIES = 40 * SLOTS;

/**
 * The hash tag of the package's own keys on the server that has these slots. All processes choose the same one.
 * Of the fixed tags the first that falls there; only a server that has none of them gets one of its lowest
 * slot.
 */
export function anchorOf(ranges: readonly SlotRange[]): string {
  const fixed = SIXTEENTHS.find((tag) => isWithin(ranges, slotOfKey(tag)));
  return fixed ?? tagWithin(ranges.slice(0, 1).map(([from]) => [from, from]));
}

export function isWithin(ranges: readonly SlotRange[], slot: number): boolean {
  return ranges.some(([from, to]) => from <= slot && slot <= to);
}

/** Such as '0-5460 16000'. */
export function rangesText(ranges: readonly SlotRange[]): string {
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(' ');
}

function tagWithin(ranges: readonly SlotRange[]): string {
  for (let n = 0; n < MAX_TRIES; n++) {
    if (isWithin(ranges, slotOfKey(`c${n}`))) return `c${n}`;
  }
  return SIXTEENTHS[0] as string;
}
