/** A string, or a hash. Never changed in place, so that copies of the data may share it. */
export type Value = string | ReadonlyMap<string, string>;

export interface Slot {
  readonly value: Value;
  /** Milliseconds since 1970; infinite where there is no end. */
  readonly expiresAtMs: number;
  /** Where SCAN meets it: later keys have higher ones. */
  readonly order: number;
}

/** One key that a command changed. */
export interface Change {
  readonly key: string;
  readonly before: Slot | undefined;
  readonly after: Slot | undefined;
}

export type Data = ReadonlyMap<string, Slot>;

/** The keys of one server, and their changes since the last `takeChanges()`. */
export class Keyspace {
  readonly #nowMs: () => number;
  #slots = new Map<string, Slot>();
  #nextOrder = 1;
  #changes: Change[] = [];

  /** `nowMs`: the server's clock, milliseconds since 1970. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The content of a key, unless it has expired. */
  get(key: string): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined || Math.floor(this.#nowMs()) <= slot.expiresAtMs) return slot;
    this.#slots.delete(key);
    return undefined;
  }

  put(key: string, value: Value, expiresAtMs: number): void {
    const before = this.get(key);
    const after = { value, expiresAtMs, order: before?.order ?? this.#nextOrder++ };
    this.#slots.set(key, after);
    this.#changes.push({ key, before, after });
  }

  /** Whether there was something. */
  delete(key: string): boolean {
    const before = this.get(key);
    if (before === undefined) return false;
    this.#slots.delete(key);
    this.#changes.push({ key, before, after: undefined });
    return true;
  }

  clear(): void {
    for (const key of [...this.#slots.keys()]) this.delete(key);
  }

  /** The keys that have not expired, in SCAN's order, from this one on. */
  *from(order: number): Generator<{ readonly key: string; readonly order: number }> {
    for (const [key, slot] of this.#slots) {
      if (slot.order >= order && this.get(key) !== undefined) yield { key, order: slot.order };
    }
  }

  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  /** What changed since the last call. */
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  copy(): Data {
    return new Map(this.#slots);
  }

  /** Replaces all data. */
  load(data: Data): void {
    const inOrder = [...data].sort(([, a], [, b]) => a.order - b.order);
    this.#slots = new Map(inOrder);
    this.#nextOrder = (inOrder.at(-1)?.[1].order ?? 0) + 1;
    this.#changes = [];
  }

  /** Makes changes that another server made. */
  apply(changes: readonly Change[]): void {
    for (const { key, after } of changes) {
      if (after === undefined) this.delete(key);
      else this.put(key, after.value, after.expiresAtMs);
    }
  }
}
