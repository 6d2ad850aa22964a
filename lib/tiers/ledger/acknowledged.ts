import type { Label } from '../../redis/remote.js';

/** Writes labelled longer ago than this are dropped: no failover loses as much. */
const KEPT_MS = 30_000;
/** More keys than this are dropped early, at the next answered heartbeat. */
const MAX_KEYS = 10_000;

/** A change that Redis acknowledged. `version` and `limit` are its stamp in microseconds. */
export interface Acknowledged {
  version: number;
  readonly limit: number;
  readonly batch: Batch;
}

/** What was acknowledged between two fences. Without a label it is not known to lie before a fence. */
export interface Batch {
  label: Label | undefined;
  readonly life: string;
  readonly reign: string;
  labelledAt: number;
  /** How many changes it has. */
  size: number;
}

/** What must be told to a server that lacks it. */
export interface Lost {
  readonly keys: readonly (readonly [string, Acknowledged])[];
  readonly patterns: readonly (readonly [string, number])[];
  /** More was lost than is remembered, or a change of generation was: everything must go. */
  readonly isEverything: boolean;
  /** Something that was dropped long ago is missing: the server lost acknowledged data. */
  readonly isAmnesia: boolean;
}

/**
 * The changes that Redis acknowledged lately, each with a label: the reign and the count of the fence that
 * followed it (rules R3, R7 and R9 of the recovery protocol in docs/adr). A server that comes back, or a
 * replica that takes over, shows which fences it has; what lies behind them is told to it again.
 *
 * Invariants: one record per key, its latest; a record is dropped only at an answered heartbeat, and the
 * highest label that was dropped is remembered.
 */
export class AcknowledgedWrites {
  readonly #keys = new Map<string, Acknowledged>();
  readonly #patterns = new Map<string, { limit: number; batch: Batch }>();
  #current: Batch = newBatch('', '');
  /** Closed batches that have no label yet. */
  #unlabelled: Batch[] = [];
  #bump: Batch | undefined;
  #floor: Label | undefined;

  /** Changes that are not known to lie before a fence. */
  get unfenced(): number {
    let count = this.#current.size;
    for (const batch of this.#unlabelled) count += batch.size;
    return count;
  }

  note(
    key: string,
    stamp: { readonly version: number; readonly limit: number },
    reign: Reign,
  ): void {
    this.#keys.delete(key);
    this.#keys.set(key, {
      version: stamp.version,
      limit: stamp.limit,
      batch: this.#batchOf(reign),
    });
  }

  notePattern(pattern: string, limit: number, reign: Reign): void {
    this.#patterns.set(pattern, { limit, batch: this.#batchOf(reign) });
  }

  /** A change of generation of this process was acknowledged. */
  noteBump(reign: Reign): void {
    this.#bump = this.#batchOf(reign);
  }

  get(key: string): Acknowledged | undefined {
    return this.#keys.size === 0 ? undefined : this.#keys.get(key);
  }

  /** A fence is about to be sent: what was acknowledged until now lies before it. Call the result with its label. */
  beginFence(): (label: Label, now: number) => void {
    if (this.#current.size > 0) this.#unlabelled.push(this.#current);
    const batches = [...this.#unlabelled];
    this.#current = newBatch(this.#current.life, this.#current.reign);
    return (label, now) => {
      for (const batch of batches) {
        if (batch.label !== undefined) continue;
        batch.label = label;
        batch.labelledAt = now;
      }
      this.#unlabelled = this.#unlabelled.filter((batch) => batch.label === undefined);
      this.#drop(now);
    };
  }

  /** Takes out what `survived` denies. `reign`: the present one; a record made anew in the same life has another id. */
  takeLost(
    survived: (label: Label) => boolean,
    reign: Reign,
    count: number,
  ): Lost {
    this.#adoptNewRecord(reign, count);
    const keys: (readonly [string, Acknowledged])[] = [];
    const patterns: (readonly [string, number])[] = [];
    for (const [key, record] of this.#keys) {
      if (survived(labelOf(record.batch))) continue;
      keys.push([key, record]);
      this.#keys.delete(key);
    }
    for (const [pattern, { limit, batch }] of this.#patterns) {
      if (survived(labelOf(batch))) continue;
      patterns.push([pattern, limit]);
      this.#patterns.delete(pattern);
    }
    const isBumpLost = this.#bump !== undefined && !survived(labelOf(this.#bump));
    const isAmnesia = this.#floor !== undefined && !survived(this.#floor);
    if (isBumpLost) this.#bump = undefined;
    if (isAmnesia) this.#floor = undefined;
    return { keys, patterns, isEverything: isBumpLost || isAmnesia, isAmnesia };
  }

  /** Within one life nothing is lost, but a record that was evicted counts anew: old labels mean nothing to it. */
  #adoptNewRecord(reign: Reign, count: number): void {
    const batches = new Set<Batch>(this.#unlabelled);
    for (const { batch } of this.#keys.values()) batches.add(batch);
    for (const { batch } of this.#patterns.values()) batches.add(batch);
    if (this.#bump !== undefined) batches.add(this.#bump);
    for (const batch of batches) {
      if (batch.life !== reign.life || batch.label === undefined || batch.label.reign === reign.id)
        continue;
      batch.label = undefined;
      this.#unlabelled.push(batch);
    }
    const floor = this.#floor;
    if (floor !== undefined && floor.life === reign.life && floor.reign !== reign.id) {
      this.#floor = { life: reign.life, reign: reign.id, count: count + 1 };
    }
  }

  #batchOf(reign: Reign): Batch {
    if (this.#current.life !== reign.life || this.#current.reign !== reign.id) {
      if (this.#current.size > 0) this.#unlabelled.push(this.#current);
      this.#current = newBatch(reign.life, reign.id);
    }
    this.#current.size++;
    return this.#current;
  }

  #drop(now: number): void {
    for (const [key, { batch }] of this.#keys) {
      const isKept = this.#keys.size <= MAX_KEYS && now - batch.labelledAt < KEPT_MS;
      if (batch.label === undefined || isKept) break;
      this.#keys.delete(key);
      this.#raiseFloor(batch.label);
    }
    for (const [pattern, { batch }] of this.#patterns) {
      if (batch.label === undefined || now - batch.labelledAt < KEPT_MS) continue;
      this.#patterns.delete(pattern);
      this.#raiseFloor(batch.label);
    }
  }

  #raiseFloor(label: Label): void {
    const floor = this.#floor;
    if (floor === undefined || floor.reign !== label.reign || label.count > floor.count) {
      this.#floor = label;
    }
  }
}

export interface Reign {
  readonly life: string;
  readonly id: string;
}

/** Count 0: not fenced yet. */
function labelOf({ label, life, reign }: Batch): Label {
  return label ?? { life, reign, count: 0 };
}

function newBatch(life: string, reign: string): Batch {
  return { label: undefined, life, reign, labelledAt: 0, size: 0 };
}
