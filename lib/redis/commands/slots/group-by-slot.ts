/** The slot of a complete key in a cluster. */
export type SlotOf = (key: string) => number;

/** The places of items in a call. */
export type Places = readonly number[];

/** The places of the items whose keys may share a command: those of one slot. `undefined`: all of them may. */
export function groupBySlot<I>(
  items: readonly I[],
  slotOf: (item: I) => number,
): readonly Places[] | undefined {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < items.length; i++) {
    const slot = slotOf(items[i] as I);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [i]);
    else group.push(i);
  }
  return groups.size > 1 ? [...groups.values()] : undefined;
}

/** Each item alone. */
export function oneByOne(items: readonly unknown[]): readonly Places[] {
  return items.map((_, i) => [i]);
}
