import type { SlotRange } from './anchors.js';
import type { Master } from './slot-table.js';

/** A door, as the assignment sees it. */
export interface Assignable {
  /** The id of its server; '' before the first report. */
  readonly id: string;
  readonly ranges: readonly SlotRange[];
}

/**
 * Which door goes to which server. A server keeps its door. A server without one, a promoted replica, takes over
 * the door that had most of its slots, because its data continues the data of that door's server. Servers that
 * are left over get new doors (`undefined`).
 */
export function assign<D extends Assignable>(
  masters: readonly Master[],
  doors: readonly D[],
): ReadonlyMap<Master, D | undefined> {
  const assigned = new Map<Master, D | undefined>();
  const free = new Set(doors);
  for (const master of masters) {
    const own = doors.find(({ id }) => id === master.id);
    assigned.set(master, own);
    if (own !== undefined) free.delete(own);
  }
  for (const master of masters) {
    if (assigned.get(master) !== undefined) continue;
    const heir = [...free]
      .map((door) => ({ door, common: overlap(door.ranges, master.ranges) }))
      .filter(({ common }) => common > 0)
      .toSorted((a, b) => b.common - a.common)[0]?.door;
    assigned.set(master, heir);
    if (heir !== undefined) free.delete(heir);
  }
  return assigned;
}

/** How many slots two lists have in common. */
export function overlap(a: readonly SlotRange[], b: readonly SlotRange[]): number {
  let common = 0;
  for (const [from, to] of a) {
    for (const [start, end] of b) {
      common += Math.max(0, Math.min(to, end) - Math.max(from, start) + 1);
    }
  }
  return common;
}
