import { groupBySlot, type SlotOf } from './group-by-slot.js';

/** The keys of a call, those of one slot beside each other. */
export interface SlotOrder {
  readonly keys: readonly string[];
  /** The place in the call of each of them. */
  readonly places: readonly number[];
  /** Behind the last key of each slot. */
  readonly ends: readonly number[];
}

/** `undefined`: they may all stand in one command. */
export function slotOrder(
  keys: readonly string[],
  slotOf: SlotOf | undefined,
): SlotOrder | undefined {
  const groups = slotOf && groupBySlot(keys, slotOf);
  if (groups === undefined) return undefined;
  const places = groups.flat();
  const ends: number[] = [];
  let end = 0;
  for (const { length } of groups) {
    end += length;
    ends.push(end);
  }
  return { keys: places.map((place) => keys[place] as string), places, ends };
}
