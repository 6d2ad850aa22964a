import { type Address, addressText, isSameAddress } from '../address.js';
import type { SlotRange } from './anchors.js';
import { SLOTS } from './key-slot.js';
import type { Owner, Report } from './report.js';

/** One server and the slots that it serves. */
export interface Master {
  readonly id: string;
  readonly address: Address;
  readonly ranges: readonly SlotRange[];
}

/**
 * Which server serves which slot, from the reports of many nodes.
 *
 * Invariant: a slot goes only to an owner with a higher configuration epoch, so the view of an old primary that
 * comes back, or of a node that was cut off, turns nothing back. Only the owner itself may give a slot away. Where
 * no node tells an epoch, a node is not believed about itself.
 */
export class SlotTable {
  readonly #owners: (string | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #epochs = new Float64Array(SLOTS).fill(-1);
  readonly #addresses = new Map<string, { address: Address; epoch: number }>();

  /** Takes over what is newer. Returns whether anything has changed. */
  apply({ owners }: Report, witness: Address): boolean {
    let hasChanged = false;
    for (const owner of owners) {
      if (!this.#isBelievable(owner, witness)) continue;
      if (this.#place(owner)) hasChanged = true;
      for (const range of owner.ranges) if (this.#take(owner, range, witness)) hasChanged = true;
    }
    return hasChanged;
  }

  get isEmpty(): boolean {
    return this.#addresses.size === 0;
  }

  /** The servers that have slots. */
  masters(): readonly Master[] {
    const ranges = new Map<string, SlotRange[]>();
    for (let from = 0; from < SLOTS; ) {
      const id = this.#owners[from];
      let to = from;
      while (to + 1 < SLOTS && this.#owners[to + 1] === id) to++;
      if (id !== undefined) ranges.set(id, [...(ranges.get(id) ?? []), [from, to]]);
      from = to + 1;
    }
    return [...ranges].map(([id, own]) => {
      const { address } = this.#addresses.get(id) as { address: Address };
      return { id, address, ranges: own };
    });
  }

  #isBelievable({ epoch, address }: Owner, witness: Address): boolean {
    return this.isEmpty || epoch !== undefined || !isSameAddress(address, witness);
  }

  #place({ id, address, epoch = -1 }: Owner): boolean {
    const known = this.#addresses.get(id);
    if (known !== undefined && epoch < known.epoch) return false;
    this.#addresses.set(id, { address, epoch });
    return known === undefined || addressText(known.address) !== addressText(address);
  }

  #take({ id, epoch = -1 }: Owner, [from, to]: SlotRange, witness: Address): boolean {
    let hasChanged = false;
    for (let slot = from; slot <= to; slot++) {
      const before = this.#owners[slot];
      const known = this.#epochs[slot] as number;
      if (before === id) {
        if (epoch > known) this.#epochs[slot] = epoch;
        continue;
      }
      const isUntold = epoch === -1 && known === -1;
      const isNewer = before === undefined || epoch > known || isUntold;
      if (!isNewer && !this.#isAt(before, witness)) continue;
      this.#owners[slot] = id;
      this.#epochs[slot] = epoch;
      hasChanged = true;
    }
    return hasChanged;
  }

  #isAt(id: string, address: Address): boolean {
    const known = this.#addresses.get(id);
    return known !== undefined && isSameAddress(known.address, address);
  }
}
