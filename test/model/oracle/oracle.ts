import { Loads } from './loads.js';
import type { Birth, Change, ChangeKind, Reading, Tier } from './records.js';
import { UNSETTLED_BIRTH, UNSETTLED_CHANGE } from './records.js';
import { Residues } from './residues.js';
import { Timeline } from './timeline.js';

/** Durations in milliseconds. */
export interface Bounds {
  readonly ttl: number;
  readonly outageTtl: number;
  readonly commandTimeout: number;
  /** For how long a near read may be older than a change. */
  readonly maxStale?: number;
  /** What a loaded machine may add to any of them. */
  readonly slack: number;
}

/** What the oracle asks about the world. */
export interface World {
  /** Milliseconds since the beginning. */
  now(): number;
  /** What the process may be wrong by about the server's time. */
  errorMs(process: string): number;
  /** Since when (ms) nothing has kept the process from hearing of Redis and telling it; `Infinity`: something does. */
  undisturbedSince(process: string): number;
  /**
   * Whether the process may use a server of this key that was replaced, without being able to know it. What such a
   * server shows and acknowledges binds nobody ("What cannot be promised" of docs/cluster.md).
   */
  mayUseReplaced?(process: string, key: string): boolean;
}

/**
 * Judges a history of several caches before one Redis and one database.
 *
 * Everything that happens gets a number; a call has one at its beginning and one when its promise was
 * settled, so that "before" is certain and whatever overlaps may have gone either way. A value is born
 * when its loader begins, or when it is given to `set`.
 *
 * - I1: what was born before a change of its key was called is never given by the same process to those
 *   who ask afterwards; nor, once Redis was told, by any process out of Redis.
 * - I2: when all is well again, everybody reads what the database holds, and every call is answered.
 * - I3: nothing is given past its ttl, nor past `outageTtl` by the process that made it in an outage, nor
 *   out of memory what others had changed in Redis before the process last came back to it.
 * - I4: every call is settled within its budget, and none rejects.
 * - I5: one loader at a time for a key and process, unless the key was changed since the first began.
 * - I6: nothing is left unhandled (judged by who runs the history).
 * - I7: `applied` is said of what is in Redis, or was replaced by what was called later (`applied.ts`).
 * - I8: no mode changes without a fault (judged by who runs the history).
 *
 * - N1: a near read gives nothing older than a change that another process was told of more than `maxStale` before.
 * - N2: a process' own changes are seen by its near reads, too (by I1).
 * - N3: reads of one key by one process never go back, be they near or from Redis.
 * - F1: after a failover and the settling time I1 holds again.
 * - F2: a process sends nothing to a server whose replacement it has known (judged by who runs the history).
 * - G1: I1 holds for changes of generation, whatever slots move.
 *
 * What cannot be promised stands in `residues.ts`.
 */
export class Oracle {
  readonly violations: string[] = [];
  readonly database = new Map<string, number>();
  readonly trace: string[] = [];
  readonly residues: Residues;
  readonly births: Birth[] = [];
  readonly changes: Change[] = [];
  readonly loads: Loads = new Loads(this);
  readonly bounds: Bounds;
  readonly timeline: Timeline = new Timeline();
  readonly #world: World;
  readonly #returnedMs = new Map<string, number>();
  readonly #flushing = new Set<string>();
  #moment = 0;
  /** When Redis last lost something that it had acknowledged. */
  forgottenAt = 0;

  constructor(bounds: Bounds, world: World) {
    this.bounds = bounds;
    this.#world = world;
    this.residues = new Residues((process) => world.errorMs(process));
  }

  /** The next moment. */
  tick(): number {
    return ++this.#moment;
  }

  note(text: string): void {
    this.trace.push(`${this.#world.now().toFixed(0).padStart(6)} ${text}`);
  }

  now(): number {
    return this.#world.now();
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
      ...UNSETTLED_BIRTH,
      serial: this.births.length,
      process,
      key,
      version: this.version(key),
      bornAt: this.tick(),
      bornMs: this.#world.now(),
      isSet,
      errorMs: this.#world.errorMs(process),
    };
    this.births.push(birth);
    return birth;
  }

  /** A change of a key, or of all that match, is called. */
  change(process: string, kind: ChangeKind, matches: (key: string) => boolean): Change {
    const [calledAt, calledMs] = [this.tick(), this.now()];
    const called = { process, kind, matches, calledAt, calledMs };
    const change = { ...UNSETTLED_CHANGE, ...called, errorMs: this.#world.errorMs(process) };
    this.changes.push(change);
    return change;
  }

  settle(change: Change, isApplied: boolean): void {
    change.settledAt = this.tick();
    change.effectiveAt = Math.min(change.effectiveAt, change.settledAt);
    const keys = new Set(this.births.map(({ key }) => key).filter(change.matches));
    const isOfReplaced = [...keys].some((key) => this.#mayUseReplaced(change.process, key));
    if (isApplied && !isOfReplaced) change.appliedMs = this.#world.now();
  }

  /** The process has replayed its journal: all that was settled before is known to everybody. */
  replayed(process: string): void {
    const moment = this.tick();
    for (const change of this.changes) {
      if (change.process !== process || change.settledAt > moment) continue;
      change.appliedMs = Math.min(change.appliedMs, this.#world.now());
      change.forgottenMs = undefined;
    }
  }

  /** The process is back at Redis: what its memory held before is suspect. */
  returned(process: string): void {
    this.#returnedMs.set(process, this.#world.now());
  }

  /** What the process has to tell may have become a change of generation. */
  mayFlush(process: string): void {
    this.#flushing.add(process);
  }

  /** Whether a change of generation may be on its way to those who have not heard of it. */
  get mayLag(): boolean {
    return this.#flushing.size > 0 || this.changes.some(({ kind }) => kind === 'all');
  }

  /** Redis may have forgotten anything of these keys; who told it will tell it again. */
  forgotten(isAffected: (key: string) => boolean = isAny): void {
    this.forgottenAt = this.tick();
    this.loads.leasesMayBeLost(this.forgottenAt);
    const keys = new Set(this.births.map(({ key }) => key).filter(isAffected));
    for (const change of this.changes) {
      if (isAffected !== isAny && ![...keys].some((key) => change.matches(key))) continue;
      if (change.appliedMs !== Number.POSITIVE_INFINITY) change.forgottenMs = this.#world.now();
      change.appliedMs = Number.POSITIVE_INFINITY;
    }
  }

  /** A reader was given a value: by Redis, by memory, or (unknown) one of them or a loader. */
  read(reading: Reading, serial: number, tier: Tier): void {
    const birth = this.births[serial];
    if (birth === undefined || birth.key !== reading.key) {
      this.fail('I1', `${reading.process} read what nobody wrote under ${reading.key}`);
      return;
    }
    const what = `${reading.process} read ${birth.key} = ${birth.version} (#${serial}, of ${birth.process}) from ${tier ?? 'somewhere'}`;
    for (const change of this.changes) {
      if (!change.matches(birth.key) || birth.bornAt >= change.calledAt) continue;
      this.#compare(reading, { birth, change, tier, what });
    }
    this.#checkAge(reading, birth, what);
    if (tier !== 'near' && tier !== 'redis') return;
    const step = this.timeline.stepBack(reading, serial, this.tick());
    if (step !== undefined) this.fail('N3', `${what}, ${step}`);
  }

  /** A call took this long and may take that long. */
  took(what: string, ms: number, budgetMs: number): void {
    if (ms > budgetMs + this.bounds.slack)
      this.fail('I4', `${what} took ${Math.round(ms)} ms, may take ${budgetMs}`);
  }

  /** All is well: is this what the database holds? */
  isCurrent(key: string, serial: number): boolean {
    const birth = this.births[serial];
    if (birth === undefined) return false;
    if (birth.version === this.version(key)) return true;
    // Whoever told Redis of a later change told it that this value is gone.
    return !this.changes.some(
      (change) =>
        change.matches(key) &&
        change.calledAt > birth.bornAt &&
        change.appliedMs !== Number.POSITIVE_INFINITY &&
        this.residues.excuses(birth, change) === undefined,
    );
  }

  fail(invariant: string, text: string): void {
    this.note(`!! ${invariant}: ${text}`);
    this.violations.push(`${invariant}: ${text}`);
  }

  /** The value is older than the change. May it be read? */
  #compare(
    reading: Reading,
    read: {
      readonly birth: Birth;
      readonly change: Change;
      readonly tier: Tier;
      readonly what: string;
    },
  ): void {
    const { birth, change, tier, what } = read;
    if (this.residues.excuses(birth, change) !== undefined) return;
    const { process, calledAt, calledMs } = reading;
    if (change.process !== process && this.#mayUseReplaced(process, birth.key)) return;
    const by = `${change.process} had changed at ${change.calledAt}`;
    const returnedMs = this.#returnedMs.get(process) ?? 0;
    if (change.process === process && change.effectiveAt < calledAt) {
      this.fail('I1', `${what}, which it had changed at ${change.calledAt}`);
    } else if (
      tier === 'memory' &&
      birth.madeMs < returnedMs &&
      this.#knownFrom(change) < returnedMs
    ) {
      this.fail('I3', `${what}, suspect: ${by}`);
    } else if (tier === 'near' && this.#knownFrom(change) + this.#maxStale < calledMs) {
      this.fail('N1', `${what}, which ${by}, ${calledMs - change.appliedMs} ms before`);
    } else if (tier === 'redis' && this.#knownFrom(change) < calledMs) {
      this.fail('I1', `${what}, which ${by}`);
    } else if (tier === 'redis' && this.#mustBeToldAgain(change, calledMs)) {
      this.fail('I1', `${what}, which ${by}, and could have told again`);
    }
  }

  #mayUseReplaced(process: string, key: string): boolean {
    return this.#world.mayUseReplaced?.(process, key) === true;
  }

  get #maxStale(): number {
    return this.bounds.maxStale ?? Number.POSITIVE_INFINITY;
  }

  #knownFrom(change: Change): number {
    return this.residues.knownFromMs(change, this.#flushing.has(change.process));
  }

  /** Redis lost it, and its process had the whole settling time to tell it again. */
  #mustBeToldAgain({ forgottenMs, process, kind }: Change, nowMs: number): boolean {
    if (forgottenMs === undefined || this.residues.isJustReplaced(nowMs)) return false;
    if (kind === 'all' || this.#flushing.has(process)) return false;
    return this.#world.undisturbedSince(process) <= forgottenMs;
  }

  #checkAge({ process, calledMs }: Reading, birth: Birth, what: string): void {
    const { ttl, outageTtl, slack } = this.bounds;
    const ageMs = calledMs - birth.madeMs;
    const isOwnOfOutage = birth.isOfOutage && birth.process === process;
    const bound = isOwnOfOutage && ageMs > outageTtl ? outageTtl : ttl;
    if (ageMs > bound + slack + this.residues.steppedMs) {
      this.fail('I3', `${what}, ${Math.round(ageMs)} ms after it was made`);
    }
  }
}

function isAny(): boolean {
  return true;
}
