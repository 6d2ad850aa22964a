import type { FreshnessMetrics } from '../../api/metrics.js';
import { type Ratio, ratioOf } from './stale-ratio.js';

/** Audits are at most this share of loads, and half of it when there are many: each is a load that no caller needs. */
const SHARE_OF_LOADS = 0.05;
const MANY_AUDITS = 500;

/** Until there are this many audits, hits are audited even if there are few loads. */
const FLOOR_AUDITS = 100;
const FLOOR_SHARE_OF_HITS = 1 / 1_000;

/** After so many audits none counts for more than so many others: a few would decide the result. */
const EVEN_AUDITS = 20;
const MOST_WEIGHT = 3;

/** Chosen a little less often than allowed, so that the bound seldom decides: it would prefer hits right after loads. */
const CAUTION = 0.9;

/** The counts of one group of keys, and the choice of the hits that are audited. */
export class AuditGroup {
  readonly name: string;
  readonly #random: () => number;
  /** Hits until the next audit. */
  #skip = 0;
  /** Of a hit to be audited. */
  #chance = 1;
  #hits = 0;
  #loads = 0;
  #begun = 0;
  /** Audits that the loads so far allow. */
  #allowed = 0;
  #audits = 0;
  #stale = 0;
  /** The hits that audits stand for, as each had another chance. */
  #standFor = 0;
  #squares = 0;
  #staleStandFor = 0;

  /** `name`: what the keys of the group begin with. `random`: a number from 0 to below 1. */
  constructor(name: string, random: () => number) {
    this.name = name;
    this.#random = random;
    this.#draw();
  }

  /** So many values were read. Returns for how many hits the audit of this one stands; 0: it is not to be audited. */
  hit(count: number): number {
    this.#hits += count;
    this.#skip -= count;
    if (this.#skip > 0) return 0;
    const floor = Math.min(FLOOR_AUDITS, this.#hits * FLOOR_SHARE_OF_HITS);
    const isAllowed = this.#begun + 1 <= this.#allowed + floor;
    const standsFor = isAllowed ? 1 / this.#chance : 0;
    if (isAllowed) this.#begun++;
    this.#draw();
    return standsFor;
  }

  /** A loader has made a value. */
  loaded(): void {
    this.#loads++;
    this.#allowed += this.#share;
    this.#draw();
  }

  /** Draws how many hits pass until the next audit, so that each hit has the same chance. */
  #draw(): void {
    const floor = this.#audits < FLOOR_AUDITS ? FLOOR_SHARE_OF_HITS : 0;
    const share = (CAUTION * this.#share * this.#loads) / Math.max(1, this.#hits) + floor;
    this.#chance = Math.min(0.999, Math.max(1e-9, share));
    this.#skip = Math.ceil(Math.log(1 - this.#random()) / Math.log(1 - this.#chance));
  }

  get #share(): number {
    return this.#audits < MANY_AUDITS ? SHARE_OF_LOADS : SHARE_OF_LOADS / 2;
  }

  /** A hit was loaded again that stands for so many. `isStale`: the loader returned another value. */
  audited(isStale: boolean, standsFor: number): void {
    const usual = this.#audits < EVEN_AUDITS ? standsFor : this.#standFor / this.#audits;
    const weight = Math.min(standsFor, MOST_WEIGHT * usual);
    this.#audits++;
    this.#standFor += weight;
    this.#squares += weight * weight;
    if (!isStale) return;
    this.#stale++;
    this.#staleStandFor += weight;
  }

  get metrics(): Omit<FreshnessMetrics, 'reloads' | 'ttlSeconds' | 'state'> {
    return {
      group: this.name,
      hits: this.#hits,
      loads: this.#loads,
      audits: { fresh: this.#audits - this.#stale, stale: this.#stale },
      staleRatio: this.#ratio ?? null,
    };
  }

  /** Horvitz and Thompson's estimate: audits with different weights tell as much as fewer with the same. */
  get #ratio(): Ratio | undefined {
    if (this.#audits === 0) return undefined;
    const audits = this.#standFor ** 2 / this.#squares;
    return ratioOf(this.#staleStandFor / this.#standFor, audits);
  }
}
