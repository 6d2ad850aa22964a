import { ALL_TAG } from '../tags.js';

/** A purge that is to be sent. */
interface Due {
  isSoft: boolean;
  /** The first time, or again: an answer that was being made then may have reached the edge after the first purge. */
  round: 1 | 2;
  /** When it is to be sent (local, monotonic). */
  dueAt: number;
  /** When it was ordered first. */
  readonly since: number;
}

export interface Batch {
  readonly names: readonly string[];
  readonly isSoft: boolean;
}

/** The most names that wait. More become one purge of everything. */
export const MOST_NAMES = 10_000;

/** How long after the first purge the second follows; after one of everything. */
const SETTLE_MS = 2_000;
const SETTLE_ALL_MS = 30_000;

/**
 * What is to be purged. Each name stands here once: a name that is ordered again starts over.
 *
 * Invariant: a name leaves only after it was accepted twice, or when a purge of everything takes its place.
 */
export class Backlog {
  readonly #due = new Map<string, Due>();
  readonly #everything: () => Iterable<string>;
  /** Names of the batch in flight. */
  #sent = new Map<string, Due>();
  #first = 0;
  #overflows = 0;

  /** `everything`: the names that take the place of more than can wait. */
  constructor(everything: () => Iterable<string> = () => [ALL_TAG]) {
    this.#everything = everything;
  }

  get overflows(): number {
    return this.#overflows;
  }

  /** Names that wait for their first purge. */
  get first(): number {
    return this.#first;
  }

  /** How long the oldest first purge has waited. */
  oldestMs(now: number): number {
    let oldest = now;
    for (const { round, since } of this.#due.values())
      if (round === 1 && since < oldest) oldest = since;
    return now - oldest;
  }

  add(names: Iterable<string>, isSoft: boolean, now: number): void {
    for (const name of names) {
      const known = this.#due.get(name);
      const isFirst = known?.round === 1;
      if (!isFirst) this.#first++;
      this.#due.set(name, {
        // What was deleted is not served because a change came after it.
        isSoft: isSoft && (known?.isSoft ?? true),
        round: 1,
        dueAt: isFirst ? known.dueAt : now,
        since: isFirst ? known.since : now,
      });
      if (this.#due.size > MOST_NAMES) this.becomeAll(now);
    }
  }

  /** Everything is purged in place of all that wait. */
  becomeAll(now: number): void {
    let isSoft = true;
    let since = now;
    for (const each of this.#due.values()) {
      isSoft &&= each.isSoft;
      if (each.round === 1) since = Math.min(since, each.since);
    }
    this.#due.clear();
    this.#sent = new Map();
    for (const name of this.#everything())
      this.#due.set(name, { isSoft, round: 1, dueAt: now, since });
    this.#first = this.#due.size;
    this.#overflows++;
  }

  /** When the next purge is due; `undefined`: none waits. */
  get nextDueAt(): number | undefined {
    let next: number | undefined;
    for (const { dueAt } of this.#due.values())
      if (next === undefined || dueAt < next) next = dueAt;
    return next;
  }

  /** The next batch that is due; first purges go before second ones. */
  take(
    now: number,
    limits: { readonly tagsPerPurge: number; readonly bytesPerPurge: number },
  ): Batch | undefined {
    const head = this.#head(now);
    if (head === undefined) return undefined;
    const names: string[] = [];
    let bytes = 0;
    for (const [name, due] of this.#due) {
      if (due.dueAt > now || due.isSoft !== head.isSoft || due.round !== head.round) continue;
      bytes += name.length + 1;
      if (names.length > 0 && (bytes > limits.bytesPerPurge || names.length >= limits.tagsPerPurge))
        break;
      names.push(name);
    }
    this.#sent = new Map(names.map((name) => [name, this.#due.get(name) as Due]));
    return { names, isSoft: head.isSoft };
  }

  /** The edge has accepted the batch. What was ordered again in the meantime stays. */
  accepted({ names }: Batch, now: number): void {
    for (const name of names) {
      const due = this.#due.get(name);
      if (due === undefined || due !== this.#sent.get(name)) continue;
      if (due.round === 2) {
        this.#due.delete(name);
        continue;
      }
      const dueAt = now + (name === ALL_TAG ? SETTLE_ALL_MS : SETTLE_MS);
      this.#first--;
      this.#due.delete(name);
      this.#due.set(name, { ...due, round: 2, dueAt });
    }
  }

  #head(now: number): Due | undefined {
    let head: Due | undefined;
    for (const due of this.#due.values()) {
      if (due.dueAt > now) continue;
      if (due.round === 1) return due;
      head ??= due;
    }
    return head;
  }
}
