/**
 * Judges a history of several caches before one Redis and one database.
 *
 * Everything that happens gets a number; a call has one at its beginning and one when its promise was
 * settled, so that "before" is certain and whatever overlaps may have gone either way. A value is born
 * when its loader begins, or when it is given to `set`.
 *
 * - I1: what was born before a change of its key was called is never given by the same process to those
 *   who ask after that change was settled; nor, once Redis was told, by any process out of Redis.
 * - I2: when all is well again, everybody reads what the database holds.
 * - I3: nothing is given past its ttl, nor past `outageTtl` by the process that made it in an outage, nor
 *   out of memory what others had changed in Redis before the process last came back to it.
 * - I4: every call is settled within its budget.
 * - I5: one loader at a time for a key and process, unless the key was changed since the first began.
 * - I6: nothing is left unhandled (judged by who runs the history).
 *
 * The residues that docs/guarantees.md admits are let pass: a `set` of another process that was still under way
 * when the key was changed; what other processes hold in memory; what Redis forgot until its process
 * has told it again.
 */

/** Durations in milliseconds. */
export interface Bounds {
  readonly ttl: number;
  readonly outageTtl: number;
  /** What a loaded machine may add to any of them. */
  readonly slack: number;
}

/** One value that was ever put into a cache. `serial` and `version` are what readers are given. */
export interface Birth {
  readonly serial: number;
  readonly process: string;
  readonly key: string;
  readonly version: number;
  readonly bornAt: number;
  readonly isSet: boolean;
  /** When (ms) it may have been stored at the latest; for I3. */
  madeMs: number;
  /** For `set`: when its promise was settled. */
  settledAt: number;
  /** Made by a process that could not reach Redis. */
  isOfOutage: boolean;
}

export interface Change {
  readonly process: string;
  readonly matches: (key: string) => boolean;
  readonly calledAt: number;
  settledAt: number;
  /** From when on (ms) nobody can get anything older out of Redis; `Infinity` until then. */
  appliedMs: number;
}

export interface Reading {
  readonly process: string;
  readonly key: string;
  readonly calledAt: number;
  readonly calledMs: number;
}

interface Loading {
  readonly process: string;
  readonly key: string;
  readonly calledAt: number;
}

export class Oracle {
  readonly violations: string[] = [];
  readonly database = new Map<string, number>();
  readonly trace: string[] = [];
  readonly #bounds: Bounds;
  readonly #now: () => number;
  readonly #births: Birth[] = [];
  readonly #changes: Change[] = [];
  readonly #loading = new Set<Loading>();
  readonly #returnedMs = new Map<string, number>();
  #moment = 0;
  #clockStepMs = 0;

  constructor(bounds: Bounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  /** The next moment. */
  tick(): number {
    return ++this.#moment;
  }

  note(text: string): void {
    this.trace.push(`${this.#now().toFixed(0).padStart(6)} ${text}`);
  }

  version(key: string): number {
    return this.database.get(key) ?? 0;
  }

  write(key: string): number {
    const version = this.version(key) + 1;
    this.database.set(key, version);
    return version;
  }

  bear(process: string, key: string, isSet: boolean): Birth {
    const birth: Birth = {
      serial: this.#births.length,
      process,
      key,
      version: this.version(key),
      bornAt: this.tick(),
      isSet,
      madeMs: Number.POSITIVE_INFINITY,
      settledAt: Number.POSITIVE_INFINITY,
      isOfOutage: false,
    };
    this.#births.push(birth);
    return birth;
  }

  /** A change of a key, or of all that match, is called. */
  change(process: string, matches: (key: string) => boolean, calledAt: number): Change {
    const never = Number.POSITIVE_INFINITY;
    const change = { process, matches, calledAt, settledAt: never, appliedMs: never };
    this.#changes.push(change);
    return change;
  }

  settle(change: Change, isApplied: boolean): void {
    change.settledAt = this.tick();
    if (isApplied) change.appliedMs = this.#now();
  }

  /** The process has replayed its journal: all that was settled before is known to everybody `lagMs` later. */
  replayed(process: string, lagMs: number): void {
    const moment = this.tick();
    const knownMs = this.#now() + lagMs;
    for (const change of this.#changes) {
      if (change.process !== process || change.settledAt > moment) continue;
      change.appliedMs = Math.min(change.appliedMs, knownMs);
    }
  }

  /** The process is back at Redis: what its memory held before is suspect. */
  returned(process: string): void {
    this.#returnedMs.set(process, this.#now());
  }

  /** The clock by which lifetimes are judged was set. */
  clockWasSet(ms: number): void {
    this.#clockStepMs += ms;
  }

  /** Redis may have forgotten anything; who told it will tell it again. */
  forgotten(): void {
    for (const change of this.#changes) change.appliedMs = Number.POSITIVE_INFINITY;
  }

  beginLoad(reading: Reading): Loading {
    const { process, key, calledAt } = reading;
    for (const other of this.#loading) {
      if (other.process !== process || other.key !== key) continue;
      const wasVoided = this.#changes.some(
        (change) =>
          change.process === process &&
          change.matches(key) &&
          change.calledAt > Math.min(calledAt, other.calledAt),
      );
      if (!wasVoided) this.#violate('I5', `two loaders of ${key} at once in ${process}`);
    }
    const loading = { process, key, calledAt };
    this.#loading.add(loading);
    return loading;
  }

  endLoad(loading: Loading): void {
    this.#loading.delete(loading);
  }

  /** A reader was given a value: by Redis, by memory, or (unknown) one of them or a loader. */
  read(reading: Reading, serial: number, tier: 'redis' | 'memory' | undefined): void {
    const birth = this.#births[serial];
    if (birth === undefined || birth.key !== reading.key) {
      this.#violate('I1', `${reading.process} read what nobody wrote under ${reading.key}`);
      return;
    }
    const { process, key } = reading;
    const what = `${process} read ${key} = ${birth.version} (#${serial}, of ${birth.process}) from ${tier ?? 'somewhere'}`;
    for (const change of this.#changes) {
      if (!change.matches(key) || birth.bornAt >= change.calledAt) continue;
      if (birth.isSet && birth.process !== change.process && birth.settledAt > change.calledAt)
        continue;
      const isOwn = change.process === process && change.settledAt < reading.calledAt;
      const isTold = tier === 'redis' && change.appliedMs < reading.calledMs;
      const returnedMs = this.#returnedMs.get(process) ?? 0;
      const isSuspect =
        tier === 'memory' && birth.madeMs < returnedMs && change.appliedMs < returnedMs;
      if (isOwn) this.#violate('I1', `${what}, which it had changed at ${change.calledAt}`);
      else if (isSuspect) this.#violate('I3', `${what}, suspect and changed at ${change.calledAt}`);
      else if (isTold)
        this.#violate('I1', `${what}, which ${change.process} had changed at ${change.calledAt}`);
    }
    const ageMs = reading.calledMs - birth.madeMs;
    const isPastOutage =
      birth.isOfOutage && birth.process === process && ageMs > this.#bounds.outageTtl;
    const bound = isPastOutage ? this.#bounds.outageTtl : this.#bounds.ttl;
    if (ageMs > bound + this.#bounds.slack + this.#clockStepMs) {
      this.#violate('I3', `${what}, ${Math.round(ageMs)} ms after it was made`);
    }
  }

  /** A call took this long and may take that long. */
  took(what: string, ms: number, budgetMs: number): void {
    if (ms > budgetMs + this.#bounds.slack)
      this.#violate('I4', `${what} took ${Math.round(ms)} ms, may take ${budgetMs}`);
  }

  /** All is well: is this what the database holds? */
  isCurrent(key: string, serial: number): boolean {
    const birth = this.#births[serial];
    if (birth?.version === this.version(key)) return true;
    return (
      birth?.isSet === true &&
      this.#changes.some(
        (change) =>
          change.matches(key) &&
          change.process !== birth.process &&
          change.calledAt > birth.bornAt &&
          birth.settledAt > change.calledAt,
      )
    );
  }

  fail(invariant: string, text: string): void {
    this.#violate(invariant, text);
  }

  #violate(invariant: string, text: string): void {
    this.note(`!! ${invariant}: ${text}`);
    this.violations.push(`${invariant}: ${text}`);
  }
}
