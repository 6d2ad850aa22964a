import type { Label } from '../../redis/lineage.js';
import type { Stamp } from '../../redis/server-time.js';

/**
 * Writes labelled longer ago than this are dropped, because no failover loses as much. Time without heartbeats
 * does not count.
 */
const KEPT_MS = 30_000;
/** Heartbeats further apart than this were not answered in between. */
const LONGEST_GAP_MS = 1_000;
/** More keys than this are dropped early, at the next answered heartbeat. */
const MAX_KEYS = 10_000;

/**
 * A change that Redis acknowledged. `version` is the `low` of its stamp, or the version of an entry that counts
 * as newer.
 */
export interface Acknowledged {
  version: number;
  stamp: Stamp;
  readonly batch: Batch;
}

/**
 * Whether an entry of this version may be older than the change: data that was put in place of other data would show it.
 * Within the stamp of the change only the proof tells; the entry of the change itself has the stamp's `low`.
 */
export function mayBeOlder(version: number, { version: known, stamp }: Acknowledged): boolean {
  return version < known || (version > stamp.low && version <= stamp.high && version !== known);
}

/** The writes acknowledged between two fences. Count 0: no fence is known to follow them. */
export interface Batch {
  label: Label;
  /** Measured in the time of answered heartbeats. */
  labelledAt: number;
  /** How many changes it has. */
  size: number;
}

/** The writes that a server lacks. */
export interface Lost {
  readonly keys: readonly (readonly [string, Acknowledged])[];
  readonly patterns: readonly (readonly [string, Stamp])[];
  /** More was lost than this process remembers, or a change of generation was lost, so everything must go. */
  readonly isEverything: boolean;
  /** A write that was dropped here long ago is missing, so the server lost acknowledged data. */
  readonly isAmnesia: boolean;
}

/**
 * The recent changes that Redis acknowledged, each with a label: the reign and the count of the fence that
 * followed it (docs/adr/0014-labels-and-reigns.md). A server that comes back, or a replica that takes over,
 * shows which fences it has. We send it again the changes behind them.
 *
 * Invariants: one record per key, its latest; a record is dropped only at an answered heartbeat, and the
 * highest label that was dropped is remembered.
 */
export class AcknowledgedWrites {
  readonly #keys = new Map<string, Acknowledged>();
  readonly #patterns = new Map<string, { stamp: Stamp; batch: Batch }>();
  #current: Batch = newBatch({ life: '', id: '' });
  /** Closed batches that have no label yet. */
  #unlabelled: Batch[] = [];
  #bump: Batch | undefined;
  /** The latest batch that was dropped, in whole or in part. */
  #floor: Pick<Batch, 'label' | 'labelledAt'> | undefined;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  /** How long heartbeats have been answered, in all. */
  #answeredMs = 0;

  /** Nothing is kept that a server could lack. */
  get isEmpty(): boolean {
    return this.#keys.size === 0 && this.#patterns.size === 0 && this.unfenced === 0;
  }

  /** The number of changes that no fence is known to follow. */
  get unfenced(): number {
    let count = this.#current.size;
    for (const batch of this.#unlabelled) count += batch.size;
    return count;
  }

  record(key: string, stamp: Stamp, reign: Reign): void {
    const batch = this.#batchOf(reign);
    const known = this.#keys.get(key);
    if (known !== undefined) {
      if (known.batch === batch) {
        known.version = stamp.low;
        known.stamp = stamp;
        return;
      }
      // The map is in the order of the batches.
      this.#keys.delete(key);
    }
    this.#keys.set(key, { version: stamp.low, stamp, batch });
  }

  recordPattern(pattern: string, stamp: Stamp, reign: Reign): void {
    this.#patterns.set(pattern, { stamp, batch: this.#batchOf(reign) });
  }

  /** A change of generation of this process was acknowledged, so nothing that was dropped before is reachable. */
  recordBump(reign: Reign): void {
    this.#bump = this.#batchOf(reign);
    this.#floor = undefined;
  }

  get(key: string): Acknowledged | undefined {
    return this.#keys.size === 0 ? undefined : this.#keys.get(key);
  }

  /**
   * A fence is about to be sent. Everything acknowledged until now lies before it. Call the result with its
   * label.
   */
  beginFence(): (label: Label, now: number) => void {
    if (this.#current.size > 0) this.#unlabelled.push(this.#current);
    const batches = [...this.#unlabelled];
    this.#current = newBatch(reignOf(this.#current));
    return (label, now) => {
      this.#answeredMs += Math.min(now - this.#confirmedAt, LONGEST_GAP_MS);
      this.#confirmedAt = now;
      for (const batch of batches) {
        batch.label = label;
        batch.labelledAt = this.#answeredMs;
      }
      this.#unlabelled = this.#unlabelled.filter((batch) => !isLabelled(batch));
      this.#drop();
    };
  }

  /**
   * Takes out the changes that did not survive. `reign`: the present one. A record that was made again in the
   * same life has another id.
   */
  takeLost(survived: (label: Label) => boolean, reign: Reign, count: number): Lost {
    this.#adoptNewRecord(reign, count);
    const keys: (readonly [string, Acknowledged])[] = [];
    const patterns: (readonly [string, Stamp])[] = [];
    for (const [key, record] of this.#keys) {
      if (survived(record.batch.label)) continue;
      keys.push([key, record]);
      this.#keys.delete(key);
    }
    for (const [pattern, { stamp, batch }] of this.#patterns) {
      if (survived(batch.label)) continue;
      patterns.push([pattern, stamp]);
      this.#patterns.delete(pattern);
    }
    const isBumpLost = this.#bump !== undefined && !survived(this.#bump.label);
    const isAmnesia = this.#floor !== undefined && !survived(this.#floor.label);
    // Amnesia lasts until the generation changes.
    if (isBumpLost) this.#bump = undefined;
    return { keys, patterns, isEverything: isBumpLost || isAmnesia, isAmnesia };
  }

  /** Takes out the changes of these keys. */
  takeMatching(matches: (key: string) => boolean): readonly (readonly [string, Acknowledged])[] {
    const taken = [...this.#keys].filter(([key]) => matches(key));
    for (const [key] of taken) this.#keys.delete(key);
    return taken;
  }

  /** Everything that was dropped lies behind a change of generation. */
  dropFloor(): void {
    this.#floor = undefined;
  }

  /**
   * Within one life nothing is lost, but a record that was evicted counts from 0 again, so old labels mean
   * nothing.
   */
  #adoptNewRecord(reign: Reign, count: number): void {
    const batches = new Set<Batch>(this.#unlabelled);
    for (const { batch } of this.#keys.values()) batches.add(batch);
    for (const { batch } of this.#patterns.values()) batches.add(batch);
    if (this.#bump !== undefined) batches.add(this.#bump);
    for (const batch of batches) {
      if (!isLabelled(batch) || !isOfOldRecord(batch.label, reign)) continue;
      batch.label = noLabel(reign);
      this.#unlabelled.push(batch);
    }
    if (this.#floor !== undefined && isOfOldRecord(this.#floor.label, reign)) {
      const label = { ...noLabel(reign), count: count + 1 };
      this.#floor = { label, labelledAt: this.#answeredMs };
    }
  }

  #batchOf(reign: Reign): Batch {
    const { label } = this.#current;
    if (label.life !== reign.life || label.reign !== reign.id) {
      if (this.#current.size > 0) this.#unlabelled.push(this.#current);
      this.#current = newBatch(reign);
    }
    this.#current.size++;
    return this.#current;
  }

  #drop(): void {
    for (const [key, { batch }] of this.#keys) {
      const isKept = this.#keys.size <= MAX_KEYS && this.#isYoung(batch);
      if (!isLabelled(batch) || isKept) break;
      this.#keys.delete(key);
      this.#raiseFloor(batch);
    }
    for (const [pattern, { batch }] of this.#patterns) {
      if (!isLabelled(batch) || this.#isYoung(batch)) continue;
      this.#patterns.delete(pattern);
      this.#raiseFloor(batch);
    }
  }

  #isYoung({ labelledAt }: Batch): boolean {
    return this.#answeredMs - labelledAt < KEPT_MS;
  }

  #raiseFloor({ label, labelledAt }: Batch): void {
    if (this.#floor === undefined || labelledAt > this.#floor.labelledAt) {
      this.#floor = { label, labelledAt };
    }
  }
}

export interface Reign {
  readonly life: string;
  readonly id: string;
}

function newBatch(reign: Reign): Batch {
  return { label: noLabel(reign), labelledAt: 0, size: 0 };
}

/** Not fenced yet. */
function noLabel({ life, id }: Reign): Label {
  return { life, reign: id, count: 0 };
}

function isLabelled({ label }: Batch): boolean {
  return label.count > 0;
}

function reignOf({ label }: Batch): Reign {
  return { life: label.life, id: label.reign };
}

/** Whether the record was made again in this life, so that it counts from 0. */
function isOfOldRecord(label: Label, reign: Reign): boolean {
  return label.life === reign.life && label.reign !== reign.id;
}
