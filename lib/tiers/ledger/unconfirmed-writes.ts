import type { Journal } from './journal.js';

/** More acknowledged writes than this between two fences are remembered as "everything". */
const MAX_KEYS = 10_000;

interface Batch {
  readonly keys: Set<string>;
  readonly patterns: Set<string>;
  isEverything: boolean;
}

/**
 * The writes that Redis acknowledged after the last fence it acknowledged. A Redis that restarts, or a
 * replica that takes over, has every write before the fence it shows, and perhaps not these: they are
 * written into the journal again, and so replayed.
 */
export class UnconfirmedWrites {
  #batches: Batch[] = [newBatch()];

  note(key: string): void {
    const batch = this.#current();
    if (batch.keys.size >= MAX_KEYS) batch.isEverything = true;
    else batch.keys.add(key);
  }

  notePattern(pattern: string): void {
    this.#current().patterns.add(pattern);
  }

  /** A fence is sent: what was acknowledged until now is before it. Call the result when it is acknowledged. */
  beginFence(): () => void {
    const covered = [...this.#batches];
    this.#batches.push(newBatch());
    return () => {
      this.#batches = this.#batches.filter((batch) => !covered.includes(batch));
    };
  }

  /** Journals them all again. Whether that overflowed the journal. */
  rejournal(journal: Journal, now: number): boolean {
    const batches = this.#batches;
    const { overflows } = journal;
    this.#batches = [newBatch()];
    if (batches.some((batch) => batch.isEverything)) journal.overflow();
    for (const { keys, patterns } of batches) {
      for (const pattern of patterns) journal.recordPattern(pattern, now);
      for (const key of keys) journal.record(key, 'delete', now);
    }
    return journal.overflows > overflows;
  }

  #current(): Batch {
    return this.#batches.at(-1) ?? newBatch();
  }
}

function newBatch(): Batch {
  return { keys: new Set(), patterns: new Set(), isEverything: false };
}
