import { type Evidence, type Label, lastReign, survived } from '../../redis/lineage.js';
import type { Stamp } from '../../redis/server-time.js';
import { type Acknowledged, AcknowledgedWrites, type Reign } from './acknowledged.js';
import { ClearedPatterns } from './cleared-patterns.js';
import { Journal } from './journal.js';
import type { FlushMark, Known, LedgerOptions, Legacy } from './ledger-options.js';
import { LocalChanges } from './local-changes.js';

/** With more changes than this without a fence, we send one early. */
const FENCE_AFTER = 5_000;

/**
 * Everything that this process wrote: changes that Redis has not acknowledged, cleared patterns, recently
 * acknowledged changes, and which keys changed since a read began.
 *
 * Its parts are private: from outside, a change begins, and is then confirmed or deferred.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #journal: Journal;
  readonly #patterns: ClearedPatterns;
  readonly #local = new LocalChanges();
  readonly #acknowledged = new AcknowledgedWrites();
  /** Until Redis acknowledges the new generation, entries with a version up to its `high` are cleared. */
  #clearedAll: Stamp | undefined;
  /** How often changes of this process were lost or dropped as a whole. */
  #forgotten = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#journal = new Journal(options.max);
    this.#patterns = new ClearedPatterns(options.time);
  }

  /** Marks the moment at which a read begins. */
  get position(): number {
    return this.#local.position;
  }

  /** Marks the content of the journal. Pass it to `confirm` with the changes that were sent at this moment. */
  get seq(): number {
    return this.#journal.seq;
  }

  /** A change of the key is called. Returns the position after it. */
  begin(key: string): number {
    return this.#local.record(key);
  }

  /** A change of many keys is called. */
  beginAll(): void {
    this.#local.noteAll();
  }

  isUnchangedSince(key: string, position: number): boolean {
    return this.#local.isUnchanged(key, position);
  }

  /** Redis acknowledged a change that was sent at `seq`. Returns whether a fence should follow early. */
  confirm(key: string, stamp: Stamp, at: { readonly seq: number; readonly reign: Reign }): boolean {
    this.#journal.settle(key, at.seq, stamp.high);
    this.#acknowledged.record(key, stamp, at.reign);
    return this.#acknowledged.unfenced === FENCE_AFTER;
  }

  /** Redis answered that it has something newer than the change. */
  overtaken(key: string, stamp: Stamp, seq: number): void {
    this.#journal.settle(key, seq, stamp.high);
  }

  /** Redis has not acknowledged the change: the key is not read from Redis until it has something newer. */
  defer(key: string, op: 'change' | 'load', stamp: Stamp): void {
    if (this.#journal.record(key, op, stamp)) this.#options.onOverflow();
  }

  /** The limit of the key's change whose outcome is unknown; 0: there is none. */
  limitOf(key: string): number {
    const entry = this.#journal.isEmpty ? undefined : this.#journal.get(key);
    return entry === undefined ? 0 : this.#limitOf(entry.stamp);
  }

  /** Whether a change of the key was deferred after the journal was at `seq`. */
  isDeferredSince(key: string, seq: number): boolean {
    if (this.#journal.isEmpty) return false;
    const deferred = this.#journal.isOverflowed ? this.#journal.seq : this.#journal.get(key)?.seq;
    return deferred !== undefined && deferred > seq;
  }

  /** Whether Redis must not be read for this key. */
  blocks(key: string): boolean {
    return !this.#journal.isEmpty && (this.#journal.isOverflowed || this.#journal.has(key));
  }

  /** Whether a change of generation is due. Until it is acknowledged nothing in Redis counts. */
  get blocksAll(): boolean {
    return this.#journal.isOverflowed;
  }

  /** Everything is cleared. */
  clearAll(stamp: Stamp): void {
    this.#clearedAll = stamp;
  }

  /** A pattern is cleared. */
  clearPattern(pattern: string, stamp: Stamp): void {
    this.#patterns.record(pattern, stamp);
    if (this.#patterns.isTooMany || this.#patterns.waiting > this.#journal.max) this.overflow();
  }

  /** Entries of the key with a version up to this were cleared; 0: none. */
  clearedUpTo(key: string): number {
    const ofAll = this.#clearedAll === undefined ? 0 : this.#limitOf(this.#clearedAll);
    return this.#patterns.isEmpty ? ofAll : Math.max(ofAll, this.#patterns.limitOf(key));
  }

  /** Whether patterns wait for a sweep. */
  get awaitsSweep(): boolean {
    return this.#patterns.waiting > 0;
  }

  get patternSeq(): number {
    return this.#patterns.seq;
  }

  /** A scan that began when the patterns were at `seq` has swept Redis. */
  swept(seq: number, reign: Reign): void {
    const now = this.#options.clock.now();
    for (const { pattern, stamp } of this.#patterns.settle(seq, now)) {
      this.#acknowledged.recordPattern(pattern, stamp, reign);
    }
  }

  /** The latest change of the key that Redis acknowledged, while it is remembered. */
  acknowledged(key: string): Acknowledged | undefined {
    return this.#acknowledged.get(key);
  }

  /** Whether an acknowledged change has no fence yet. */
  get hasUnfenced(): boolean {
    return this.#acknowledged.unfenced > 0;
  }

  /** Whether a Redis that comes back needs a replay, or may need one (R5). We then try it often. */
  get hasWork(): boolean {
    return !this.#journal.isEmpty || this.awaitsSweep || !this.#acknowledged.isEmpty;
  }

  /** A fence is about to be sent; call the result with the label under which it was counted. */
  beginFence(): (label: Label) => void {
    const confirm = this.#acknowledged.beginFence();
    return (label) => {
      const now = this.#options.clock.now();
      confirm(label, now);
      this.#patterns.dropSweptBefore(now - this.#options.lateWritesMs);
    };
  }

  /** The server that answers now has this chain. Journals the changes that it lacks again (R3). */
  judge(evidence: Evidence): 'intact' | 'amnesia' {
    const { life, chain, count } = evidence;
    const last = lastReign(chain);
    const reign = { life, id: last?.id ?? '' };
    const isKept = (label: Label): boolean => survived(label, life, chain);
    const lost = this.#acknowledged.takeLost(isKept, reign, count);
    // Opened with a new generation: nothing old can be read.
    if (last?.openedAt === 0) {
      this.#acknowledged.dropFloor();
      return 'intact';
    }
    for (const [key, { stamp }] of lost.keys) this.defer(key, 'change', stamp);
    for (const [pattern, stamp] of lost.patterns) this.clearPattern(pattern, stamp);
    if (lost.isEverything) this.#forgotten++;
    if (lost.isAmnesia) return 'amnesia';
    if (lost.isEverything) this.flush();
    return 'intact';
  }

  /** Whether the journal must be replayed before its keys are read from Redis again. */
  get hasUnapplied(): boolean {
    return !this.#journal.isEmpty;
  }

  /** Everything under the prefix is cleared, which Redis does not know yet. */
  flush(): void {
    this.#patterns.clear();
    this.#journal.flush();
  }

  /** Everything under the prefix must go. */
  overflow(): void {
    this.#patterns.clear();
    if (this.#journal.overflow()) this.#options.onOverflow();
  }

  /** Marks what a change of generation covers if it is sent now. */
  get flushMark(): FlushMark {
    const { seq } = this.#journal;
    return { seq, patternSeq: this.#patterns.seq, clearedAll: this.#clearedAll };
  }

  /** The generation was changed by a command that was sent at this mark. */
  bumped({ seq, patternSeq, clearedAll }: FlushMark): void {
    this.#patterns.clear(patternSeq);
    this.#journal.settleAll(seq);
    if (this.#clearedAll === clearedAll) this.#clearedAll = undefined;
  }

  /** Redis acknowledged a new generation. */
  recordBump(reign: Reign): void {
    this.#acknowledged.recordBump(reign);
  }

  /** The keys that wait for Redis, in the order they were recorded, with the stamp of each. */
  waiting(): readonly (readonly [string, Stamp])[] {
    const { time } = this.#options;
    return this.#journal.entries().map(([key, { stamp }]) => [key, time.renewed(stamp)] as const);
  }

  /** A loaded value that memory no longer holds needs no protection. */
  dropLoad(key: string): void {
    this.#journal.dropLoad(key);
  }

  /** Another door serves these keys now: takes out what is known of them. */
  takeAway(isForeign: (key: string) => boolean): Known {
    this.beginAll(); // Later changes are not recorded here, so replies in flight must not be kept.
    const entries = this.#journal.takeMatching(isForeign);
    return { entries, acknowledged: this.#acknowledged.takeMatching(isForeign) };
  }

  /** Redis has this change, on the server with this reign now. */
  adopt(key: string, stamp: Stamp, reign: Reign): void {
    this.#acknowledged.record(key, stamp, reign);
  }

  get legacy(): Legacy {
    const forgotten = this.#forgotten + this.#journal.overflows;
    return { patterns: this.#patterns.all(), clearedAll: this.#clearedAll, forgotten };
  }

  #limitOf(stamp: Stamp): number {
    return this.#options.time.renewed(stamp).high;
  }

  /** For the status. */
  get counts(): { readonly entries: number; readonly max: number; readonly overflows: number } {
    const { size, max, overflows } = this.#journal;
    return { entries: Math.min(max, size + this.#patterns.waiting), max, overflows };
  }
}
