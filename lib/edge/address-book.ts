/** The most addresses that are known. The one that was sent longest ago is forgotten. */
const MOST_ADDRESSES = 5_000;

/** Which addresses' answers have a tag, for an edge that knows no tags. */
export class AddressBook {
  readonly #tagsOf = new Map<string, readonly string[]>();
  readonly #addressesOf = new Map<string, Set<string>>();

  /** An answer of this address goes to the edge. */
  note(address: string, tags: readonly string[]): void {
    this.#forget(address);
    this.#tagsOf.set(address, tags);
    for (const tag of tags) {
      const known = this.#addressesOf.get(tag);
      if (known === undefined) this.#addressesOf.set(tag, new Set([address]));
      else known.add(address);
    }
    if (this.#tagsOf.size <= MOST_ADDRESSES) return;
    const [oldest] = this.#tagsOf.keys();
    this.#forget(oldest as string);
  }

  addressesOf(tags: Iterable<string>): ReadonlySet<string> {
    const found = new Set<string>();
    for (const tag of tags)
      for (const address of this.#addressesOf.get(tag) ?? []) found.add(address);
    return found;
  }

  #forget(address: string): void {
    for (const tag of this.#tagsOf.get(address) ?? []) {
      const addresses = this.#addressesOf.get(tag);
      addresses?.delete(address);
      if (addresses?.size === 0) this.#addressesOf.delete(tag);
    }
    this.#tagsOf.delete(address);
  }
}
