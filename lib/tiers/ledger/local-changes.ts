/** How many keys are told apart before older ones blur into "some key was changed". */
const REMEMBERED = 1_024;

/**
 * Which keys this process changed lately, so that a reply which was on its way when its key was changed
 * is not kept. Costs a read one comparison of two numbers while nothing is written.
 */
export class LocalChanges {
  readonly #recent = new Map<string, number>();
  #seq = 0;
  /** Anything may have been changed up to here. */
  #floor = 0;

  /** Marks the moment at which a read begins. */
  get position(): number {
    return this.#seq;
  }

  /** Returns the position after it. */
  note(key: string): number {
    this.#recent.delete(key);
    this.#recent.set(key, ++this.#seq);
    if (this.#recent.size > REMEMBERED) this.#forgetOldest();
    return this.#seq;
  }

  noteAll(): void {
    this.#recent.clear();
    this.#floor = ++this.#seq;
  }

  isUnchanged(key: string, since: number): boolean {
    if (this.#seq === since) return true;
    return this.#floor <= since && (this.#recent.get(key) ?? 0) <= since;
  }

  #forgetOldest(): void {
    const [oldest] = this.#recent;
    if (oldest === undefined) return;
    this.#recent.delete(oldest[0]);
    this.#floor = oldest[1];
  }
}
