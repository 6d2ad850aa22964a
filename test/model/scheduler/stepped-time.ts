import type { Clock, Timer } from '../../../lib/core/time/clock.js';

interface Scheduled {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** Node's timers never fire at once. */
const SHORTEST_MS = 1;

/** Time that goes on in small steps, each of them one of the events whose order is generated. */
export class SteppedTime {
  #now = 1_000;
  readonly #clocks = new Set<ProcessClock>();

  now(): number {
    return this.#now;
  }

  /** Milliseconds since 1970. */
  wallNow(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  /** The clock of one more process. */
  newClock(): ProcessClock {
    const clock = new ProcessClock(this);
    this.#clocks.add(clock);
    return clock;
  }

  /** Goes on by `ms`, or less if a timer falls due before, and fires it. */
  step(ms: number): void {
    const end = this.#now + ms;
    let first: { readonly clock: ProcessClock; readonly dueAt: number } | undefined;
    for (const clock of this.#clocks) {
      const dueAt = clock.nextDueAt;
      if (first === undefined || dueAt < first.dueAt) first = { clock, dueAt };
    }
    if (first === undefined || first.dueAt > end) {
      this.#now = end;
      return;
    }
    this.#now = Math.max(this.#now, first.dueAt);
    first.clock.fire();
  }
}

/**
 * What one process knows of time. While it is stopped, none of its timers fires; while it sleeps (a machine
 * that is suspended), its clock stands still as well.
 */
export class ProcessClock implements Clock {
  readonly #time: SteppedTime;
  readonly #timers = new Set<Scheduled>();
  #sleptMs = 0;
  #stoodMs = 0;
  #stoppedAt: number | undefined;
  #isAsleep = false;

  constructor(time: SteppedTime) {
    this.#time = time;
  }

  now(): number {
    const isStill = this.#isAsleep && this.#stoppedAt !== undefined;
    return (isStill ? (this.#stoppedAt as number) : this.#time.now()) - this.#sleptMs;
  }

  idleTime(): number {
    return this.now();
  }

  /** How long the process has run. */
  lived(): number {
    return (this.#stoppedAt ?? this.#time.now()) - this.#stoodMs;
  }

  wallNow(): number {
    return this.#time.wallNow();
  }

  setTimer(callback: () => void, ms: number): Timer {
    const timer = { dueAt: this.now() + Math.max(SHORTEST_MS, ms), callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  endOfTurn(callback: () => void): void {
    process.nextTick(callback);
  }

  afterPoll(callback: () => void): void {
    setImmediate(callback);
  }

  stop({ isAsleep }: { readonly isAsleep: boolean }): void {
    this.#stoppedAt = this.#time.now();
    this.#isAsleep = isAsleep;
  }

  goOn(): void {
    if (this.#stoppedAt === undefined) return;
    const stoodMs = this.#time.now() - this.#stoppedAt;
    this.#stoodMs += stoodMs;
    if (this.#isAsleep) this.#sleptMs += stoodMs;
    this.#stoppedAt = undefined;
  }

  /** When its next timer falls due, by the common time; never while it is stopped. */
  get nextDueAt(): number {
    const next = this.#stoppedAt === undefined ? this.#next() : undefined;
    return next === undefined ? Number.POSITIVE_INFINITY : next.dueAt + this.#sleptMs;
  }

  fire(): void {
    const next = this.#next();
    if (next === undefined) return;
    this.#timers.delete(next);
    next.callback();
  }

  #next(): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueAt < next.dueAt) next = timer;
    }
    return next;
  }
}
