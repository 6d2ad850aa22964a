import type { Clock } from '../../core/time/clock.js';
import { lastReign, survived } from '../../redis/lineage.js';
import type { Evidence, Label, ServerTime, Stamp } from '../../redis/remote.js';
import { type Acknowledged, AcknowledgedWrites, type Reign } from './acknowledged.js';
import { ClearedPatterns } from './cleared-patterns.js';
import { Journal } from './journal.js';
import { LocalChanges } from './local-changes.js';

/** More changes than this without a fence ask for one early. */
const FENCE_AFTER = 5_000;

export interface LedgerOptions {
  readonly clock: Clock;
  readonly time: Pick<ServerTime, 'renewed'>;
  /** The most changes kept for Redis. */
  readonly max: number;
  /** So long after it was sent a write of a lost connection may still run. */
  readonly lateWritesMs: number;
  /** The journal collapsed into one change of generation. */
  readonly onOverflow: () => void;
}

/** What was recorded before a change of generation. */
export interface FlushMark {
  readonly seq: number;
  readonly patternSeq: number;
  readonly clearedAll: Stamp | undefined;
}

/**
 * Everything this process wrote, and what is known of it: changes that Redis has not acknowledged, patterns
 * that were cleared, changes acknowledged lately, and which keys changed since a read began.
 *
 * Nobody outside knows its parts: a change begins, and is confirmed or deferred.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #journal: Journal;
  readonly #patterns: ClearedPatterns;
  readonly #local = new LocalChanges();
  readonly #acknowledged = new AcknowledgedWrites();
  /** Until Redis acknowledges the new generation, entries with a version up to its `high` are cleared. */
  #clearedAll: Stamp | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#journal = new Journal(options.max);
    this.#patterns = new ClearedPatterns(options.time);
  }

  /** Marks the moment at which a read begins. */
  get position(): number {
    return this.#local.position;
  }

  /** Marks what the journal holds: pass it to `confirm` with what was sent at this moment. */
  get seq(): number {
    return this.#journal.seq;
  }

  /** A change of the key is called. Returns the position after it. */
  begin(key: string): number {
    return this.#local.note(key);
  }

  /** A change of many keys is called. */
  beginAll(): void {
    this.#local.noteAll();
  }

  isUnchangedSince(key: string, position: number): boolean {
    return this.#local.isUnchanged(key, position);
  }

  /** Redis acknowledged the change, which was sent when the journal was at `seq`. Whether a fence should follow early. */
  confirm(key: string, stamp: Stamp, at: { readonly seq: number; readonly reign: Reign }): boolean {
    this.#journal.settle(key, at.seq, stamp.high);
    this.#acknowledged.note(key, stamp, at.reign);
    return this.#acknowledged.unfenced === FENCE_AFTER;
  }

  /** Redis answered that something newer than the change is there. */
  overtaken(key: string, stamp: Stamp, seq: number): void {
    this.#journal.settle(key, seq, stamp.high);
  }

  /** Redis has not acknowledged the change: the key is not read from Redis until it has something newer. */
  defer(key: string, op: 'change' | 'load', stamp: Stamp): void {
    if (this.#journal.record(key, op, stamp)) this.#options.onOverflow();
  }

  /** The limit of the key's change whose outcome is not known; 0: there is none. */
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

  /** Whether Redis must not be asked about this key. */
  blocks(key: string): boolean {
    return !this.#journal.isEmpty && (this.#journal.isOverflowed || this.#journal.has(key));
  }

  /** Whether a change of generation is due: until then nothing in Redis counts. */
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
      this.#acknowledged.notePattern(pattern, stamp, reign);
    }
  }

  /** The latest change of the key that Redis acknowledged, while it is remembered. */
  acknowledged(key: string): Acknowledged | undefined {
    return this.#acknowledged.get(key);
  }

  /** Whether something acknowledged is not known to lie before a fence. */
  get hasUnfenced(): boolean {
    return this.#acknowledged.unfenced > 0;
  }

  /** Whether a Redis that comes back must be told something, or may have to be (R5): it is then tried often. */
  get hasWork(): boolean {
    return !this.#journal.isEmpty || this.awaitsSweep || !this.#acknowledged.isEmpty;
  }

  /** A fence is about to be sent; call the result with the label under which it was counted. */
  beginFence(): (label: Label) => void {
    const confirm = this.#acknowledged.beginFence();
    return (label) => {
      const now = this.#options.clock.now();
      confirm(label, now);
      this.#patterns.forget(now - this.#options.lateWritesMs);
    };
  }

  /** What answers now shows this chain: journals again what it lacks (rule R3). */
  judge(evidence: Evidence): 'intact' | 'amnesia' {
    const { life, chain, count } = evidence;
    const reign = { life, id: lastReign(chain)?.id ?? '' };
    const isKept = (label: Label): boolean => survived(label, life, chain);
    const lost = this.#acknowledged.takeLost(isKept, reign, count);
    for (const [key, { stamp }] of lost.keys) this.defer(key, 'change', stamp);
    for (const [pattern, stamp] of lost.patterns) this.clearPattern(pattern, stamp);
    if (lost.isAmnesia) return 'amnesia';
    if (lost.isEverything) this.flush();
    return 'intact';
  }

  /** Whether Redis must be told something before a key of the journal is read from it again. */
  get hasUnapplied(): boolean {
    return !this.#journal.isEmpty;
  }

  /** Everything under the prefix is cleared, and Redis must be told so. */
  flush(): void {
    this.#patterns.clear();
    this.#journal.flush();
  }

  /** Everything under the prefix must go. */
  overflow(): void {
    this.#patterns.clear();
    if (this.#journal.overflow()) this.#options.onOverflow();
  }

  /** Marks what a change of generation covers that is about to be sent. */
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
  noteBump(reign: Reign): void {
    this.#acknowledged.noteBump(reign);
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

  #limitOf(stamp: Stamp): number {
    return this.#options.time.renewed(stamp).high;
  }

  /** For the status. */
  get counts(): { readonly entries: number; readonly max: number; readonly overflows: number } {
    const { size, max, overflows } = this.#journal;
    return { entries: Math.min(max, size + this.#patterns.waiting), max, overflows };
  }
}
