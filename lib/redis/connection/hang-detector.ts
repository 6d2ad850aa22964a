import type { Clock } from '../../core/time/clock.js';
import { lagOf } from '../../core/time/lag.js';

/** The times of a command that was sent. */
export interface Timed {
  readonly sentAt: number;
  /** `clock.idleTime()` when it was sent. */
  readonly idleAt: number;
  readonly patienceMs: number;
}

/** Redis counts as hung after this many missing replies in a row, with none in time between them. */
const HUNG_AFTER = 3;

/** A healthy process' timers are late by less than this. */
const NORMAL_LAG_MS = 10;
/** If our own timers were late, Redis may be late by this many times as much. */
const GRACE_PER_LAG = 5;
const LONGEST_GRACE_MS = 5_000;

/** On a calm machine, Redis is at fault if all replies come too late for this many deadlines, and for this long. */
const SLOW_DEADLINES = 3;
const SLOW_MS = 1_000;
/** What its size adds to the deadline of a small command is less than this share, and explains no answer that is late for long. */
const SMALL_SHARE = 1 / 10;

/** How much later a reply may come. A machine that is short of CPU is short of it for Redis, too. */
export function graceMs(clock: Clock): number {
  const lateMs = lagOf(clock).recentMs;
  return lateMs < NORMAL_LAG_MS ? 0 : Math.min(LONGEST_GRACE_MS, lateMs * GRACE_PER_LAG);
}

/**
 * Decides, from replies that are missing or late, whether Redis hangs. Only an answer in time is a sign of
 * life: a Redis whose answers always come too late is useless.
 *
 * Redis hangs by one of two rules. First: three replies in a row are missing, or are late by time in which this
 * process was idle and which no busy machine explains. Second: all replies are late for a long time while our
 * own timers are punctual, however much this process computes, because heavy traffic leaves it no idle time.
 */
export class HangDetector {
  readonly #clock: Clock;
  readonly #commandTimeoutMs: number;
  readonly #slowMs: number;
  #missing = 0;
  /** Answers in a row that were missing or late on a calm machine, and when the first command was sent. */
  #slow = 0;
  #slowSince = 0;

  constructor(clock: Clock, commandTimeoutMs: number) {
    this.#clock = clock;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#slowMs = Math.max(SLOW_MS, SLOW_DEADLINES * commandTimeoutMs);
  }

  /** Deadlines passed without an answer. Returns whether Redis hangs. */
  missed(commands: readonly Timed[]): boolean {
    this.#missing += commands.length;
    for (const { sentAt } of commands) this.#slowed(sentAt);
    return this.#isHung;
  }

  /** An answer came that was due at `dueAt`. Returns whether Redis hangs all the same. */
  answered(command: Timed, dueAt: number): boolean {
    const isLate = this.#clock.now() > dueAt;
    const isSlow = isLate || this.#isSlow(command, dueAt);
    if (!isSlow) this.#slow = 0;
    // What comes late while our own timers are late tells nothing.
    else if (graceMs(this.#clock) === 0) this.#slowed(command.sentAt);
    if (isLate && this.#wasIdle(command)) this.#missing++;
    else this.#missing = 0;
    return this.#isHung;
  }

  /** Time in which this process was busy does not count against Redis. */
  #wasIdle({ idleAt, patienceMs }: Timed): boolean {
    return this.#clock.idleTime() - idleAt > patienceMs + graceMs(this.#clock);
  }

  /** A small command, behind no large reply, took longer than `commandTimeout`. */
  #isSlow({ sentAt, patienceMs }: Timed, dueAt: number): boolean {
    const isSmall = patienceMs <= this.#commandTimeoutMs * (1 + SMALL_SHARE);
    const isBehindLarge = dueAt > sentAt + patienceMs;
    return isSmall && !isBehindLarge && this.#clock.now() - sentAt > this.#commandTimeoutMs;
  }

  #slowed(sentAt: number): void {
    if (this.#slow++ === 0) this.#slowSince = sentAt;
  }

  get #isHung(): boolean {
    if (this.#missing >= HUNG_AFTER) return true;
    return this.#slow >= HUNG_AFTER && this.#clock.now() - this.#slowSince >= this.#slowMs;
  }
}
