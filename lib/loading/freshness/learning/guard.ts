import { ratioOf } from '../stale-ratio.js';

/** The normal quantile of the bound, which is looked at again with each audit. */
const Z = 2;

/** Evidence before a cut, so that one unlucky audit decides nothing. */
const LEAST_AUDITS = 40;
const LEAST_STALE = 3;

/** Audits without a cut before lifetimes grow again: at least so many, and enough for so many that may be stale. */
const CLEAN_AUDITS = 150;
const CLEAN_STALE = 5;

const CUT = 0.6;
const RAISE = 1.15;

/** After so many cuts learning was wrong here: the user's lifetimes are back. */
const MOST_CUTS = 3;

/** Audits until learning may try again. */
const PAUSE_AUDITS = 300;

/**
 * Compares learned lifetimes with what audits find, and shortens all of a group when too many hits are stale. So a
 * wrong choice is noticed by the truth, not by the model that made it.
 */
export class Guard {
  readonly #target: number;
  #factor = 1;
  #cuts = 0;
  #audits = 0;
  #stale = 0;
  #pause = 0;

  constructor(target: number) {
    this.#target = target;
  }

  /** Lifetimes are multiplied by this. */
  get factor(): number {
    return this.#factor;
  }

  get cuts(): number {
    return this.#cuts;
  }

  /** Whether the user's lifetimes are back. */
  get isOff(): boolean {
    return this.#pause > 0;
  }

  /** `hitShare`: the share of reads that are hits. The target is one of all reads. */
  audited(isStale: boolean, hitShare: number): void {
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    this.#audits++;
    if (isStale) this.#stale++;
    const low = ratioOf(this.#stale / this.#audits, this.#audits, Z)?.low ?? 0;
    const isProof = this.#audits >= LEAST_AUDITS && this.#stale >= LEAST_STALE;
    if (isProof && low * hitShare > this.#target) this.#cut();
    else if (this.#audits >= Math.max(CLEAN_AUDITS, CLEAN_STALE / this.#target)) this.#raise();
  }

  /** Other lifetimes apply from now on: what was found belongs to the former ones. */
  restart(): void {
    this.#audits = 0;
    this.#stale = 0;
  }

  #cut(): void {
    this.restart();
    this.#cuts++;
    this.#factor *= CUT;
    if (this.#cuts < MOST_CUTS) return;
    this.#pause = PAUSE_AUDITS;
    this.#cuts = 0;
    this.#factor = 1;
  }

  #raise(): void {
    this.restart();
    this.#factor = Math.min(1, this.#factor * RAISE);
    if (this.#factor === 1) this.#cuts = 0;
  }
}
