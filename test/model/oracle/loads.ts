import type { Change, Loading, Reading } from './records.js';
import { GENERATION_LAG_MS } from './residues.js';

/** How long a lease lasts without being renewed, less what a renewal may be late. */
const LEASE_AT_LEAST_MS = 350;

interface Facts {
  readonly changes: readonly Change[];
  now(): number;
  tick(): number;
  fail(invariant: string, text: string): void;
}

/** The loaders that run: one at a time for a key and process, unless the key was changed since (I5). */
export class Loads {
  readonly #facts: Facts;
  readonly #running = new Set<Loading>();
  #leasesLostAt = 0;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  begin(reading: Reading): Loading {
    const { process, key } = reading;
    for (const other of this.#running) {
      if (other.process !== process || other.key !== key) continue;
      if (this.#mayBeVoid(other, reading)) continue;
      this.#facts.fail('I5', `two loaders of ${key} at once in ${process}`);
    }
    const loading = { ...reading, beganMs: this.#facts.now() };
    this.#running.add(loading);
    return loading;
  }

  end(loading: Loading): void {
    this.#running.delete(loading);
  }

  /** Redis may lack leases that were granted before this moment. */
  leasesMayBeLost(moment: number = this.#facts.tick()): void {
    this.#leasesLostAt = moment;
  }

  /** Whether the key may have been changed since, or its lease lost, so that who comes later begins anew. */
  #mayBeVoid(loading: Loading, { key, calledAt }: Reading): boolean {
    const since = Math.min(calledAt, loading.calledAt);
    if (this.#leasesLostAt > since) return true;
    if (this.#facts.now() - loading.beganMs > LEASE_AT_LEAST_MS) return true;
    return this.#facts.changes.some(
      (change) =>
        change.matches(key) && (change.settledAt > since || heardMs(change) >= loading.calledMs),
    );
  }
}

/** When every process has heard of a change at the latest. A load that began before it did has an old generation's lease. */
function heardMs({ kind, appliedMs }: Change): number {
  return kind === 'all' ? appliedMs + GENERATION_LAG_MS : appliedMs;
}
