import type { Birth, Change } from './records.js';

/** How long a process may not hear of a new generation: what a heartbeat proved is believed for twice its pause. */
export const GENERATION_LAG_MS = 1_000;

/** How long a process may believe what it knows of a tag, and the time of an answer that was on its way. */
export const TAG_LAG_MS = 1_200;

/** After a step of a clock its processes measure it again: with the next heartbeat, or one more. */
const MEASURED_WITHIN_MS = 1_500;

/** What is further ahead than this dates from before a clock was set back; a little less, because clocks are estimated. */
const SET_BACK_MS = 900;

interface Step {
  readonly atMs: number;
  readonly ms: number;
}

/**
 * What cannot be promised, each with its reason and where the documentation admits it. The oracle lets pass what
 * one of these explains, and nothing else.
 */
export class Residues {
  readonly #errorMs: (process: string) => number;
  readonly #steps: Step[] = [];
  readonly #evictions: { readonly atMs: number; readonly matches: (key: string) => boolean }[] = [];
  #replacedMs = Number.NEGATIVE_INFINITY;

  /** `errorMs`: what a process may be wrong by about the server's time, as it knows now. */
  constructor(errorMs: (process: string) => number) {
    this.#errorMs = errorMs;
  }

  /** Whether so much lies within what these processes may be wrong by (ADR 13). */
  isWithin(apartMs: number, processes: readonly string[]): boolean {
    return apartMs <= processes.reduce((sum, name) => sum + 2 * this.#errorMs(name), 1);
  }

  /** The server's clock was set, or (a machine that slept) a process' own estimate of it became wrong by so much. */
  clockWasSet(atMs: number, ms: number): void {
    this.#steps.push({ atMs, ms });
  }

  /** Redis gave up these keys, tombstones and leases included. */
  evicted(atMs: number, matches: (key: string) => boolean): void {
    this.#evictions.push({ atMs, matches });
  }

  /** The data was exchanged under living connections (REPLICAOF). */
  dataWasReplaced(atMs: number): void {
    this.#replacedMs = atMs;
  }

  get isStepped(): boolean {
    return this.#steps.length > 0;
  }

  /** By how much clocks were set, forward or back, in all. */
  get steppedMs(): number {
    return this.#steps.reduce((sum, { ms }) => sum + Math.abs(ms), 0);
  }

  wasEvicted(key: string, sinceMs: number): boolean {
    return this.#evictions.some(({ atMs, matches }) => atMs >= sinceMs && matches(key));
  }

  /**
   * Why this value may outlive this change of its key, be it that Redis was told. Only values that another
   * process than the change's own set, or gave up.
   */
  excuses(birth: Birth, change: Change): string | undefined {
    if (this.#isGhostInTime(birth)) return 'a clock was set back during a hang (ADR 16)';
    if (change.kind === 'pattern' && this.#wasSetBack(birth.bornMs, change.calledMs)) {
      return 'a clock was set back by a second or more before a pattern was cleared (guarantees)';
    }
    if (birth.process === change.process) return this.#ghostOf(birth, change);
    if (birth.isOfMany && birth.settledAt > change.calledAt) {
      return 'a call of many keys, or with a tag, takes its place between its call and its answer (guarantees)';
    }
    if (change.kind === 'pattern' && birth.isSet && birth.settledAt > change.calledAt) {
      return 'a pattern clears what is there, and this set had no answer yet (guarantees)';
    }
    if (this.#isWithinError(birth, change)) {
      return 'two processes called within what their estimates of the clock are wrong by (ADR 13)';
    }
    return this.#ghostOf(birth, change);
  }

  /** Until when nobody but its own process has to know of a change that Redis acknowledged at this time. */
  knownFromMs({ kind, appliedMs }: Change, canFlush: boolean): number {
    // Guarantees: a change of generation is heard of with the next heartbeat.
    if (kind === 'tag') return appliedMs + TAG_LAG_MS;
    return kind === 'all' || canFlush ? appliedMs + GENERATION_LAG_MS : appliedMs;
  }

  /** Other processes' deletes are unknown in data that replaced other data, until the next heartbeat. */
  isJustReplaced(nowMs: number): boolean {
    return nowMs - this.#replacedMs <= GENERATION_LAG_MS;
  }

  /** A write that was given up runs later, and nothing that would stop it is there. */
  #ghostOf(birth: Birth, change: Change): string | undefined {
    if (!birth.isGivenUp) return undefined;
    if (change.kind === 'pattern' && birth.process !== change.process) {
      return 'a pattern leaves no tombstones where there was nothing (write protocol, open point 1)';
    }
    const isBare = this.#evictions.some(
      ({ atMs, matches }) => atMs >= change.calledMs && matches(birth.key),
    );
    return isBare ? 'the tombstone was evicted before what it guards against had run' : undefined;
  }

  /** It ran as if no time had passed: the clock showed again the time of its call. */
  #isGhostInTime(birth: Birth): boolean {
    if (!birth.isGivenUp) return false;
    return this.#steps.some(({ atMs, ms }) => ms < 0 && atMs >= birth.bornMs);
  }

  #wasSetBack(fromMs: number, toMs: number): boolean {
    const steps = this.#steps.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return steps.reduce((sum, { ms }) => sum + Math.min(0, ms), 0) < -SET_BACK_MS;
  }

  #isWithinError(birth: Birth, change: Change): boolean {
    // A call that takes its place later has taken it by its answer.
    const apartMs = change.calledMs - (birth.isOfMany ? birth.madeMs : birth.bornMs);
    // A stamp is an interval as wide as twice the error. Only one that lies wholly before another is older.
    const widthMs = 2 * (birth.errorMs + change.errorMs);
    const wrongMs = this.#steps
      .filter(({ atMs }) => atMs >= birth.bornMs - MEASURED_WITHIN_MS && atMs <= change.calledMs)
      .reduce((sum, { ms }) => sum + Math.abs(ms), 0);
    // Only writes whose order nothing but their stamps tells: a load's version is the server's own.
    const isOrderedByStamps = birth.isSet || wrongMs > 0;
    return isOrderedByStamps && apartMs <= widthMs + wrongMs;
  }
}
