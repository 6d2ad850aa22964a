import type { Clock, Timer } from '../../lib/core/time/clock.js';

interface Scheduled {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Time that stands still until the test moves it. Starts at 2026-01-01T00:00:00Z. */
export class ManualClock implements Clock {
  #now = 1_000;
  readonly #wallStart = Date.UTC(2026, 0, 1) - this.#now;
  readonly #timers = new Set<Scheduled>();
  #order = 0;

  now(): number {
    return this.#now;
  }

  idleTime(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wallStart + this.#now;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimer(callback: () => void, ms: number): Timer {
    if (!Number.isFinite(ms)) throw new Error(`a timer must have a finite time, got ${ms}`);
    // As in Node: a timer never fires at once, so one that starts itself again cannot hold time up.
    const dueAt = this.#now + Math.max(1, ms);
    const timer: Scheduled = { dueAt, order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  endOfTurn(callback: () => void): void {
    process.nextTick(callback);
  }

  afterPoll(callback: () => void): void {
    setImmediate(callback);
  }

  /** Moves time on, firing what falls due in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.dueAt);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** The event loop was busy: time has passed, and what fell due meanwhile fires late, once. */
  jump(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ dueAt }) => dueAt <= this.#now);
    for (const timer of due) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  #next(end: number): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > end) continue;
      const isEarlier =
        first === undefined ||
        timer.dueAt < first.dueAt ||
        (timer.dueAt === first.dueAt && timer.order < first.order);
      if (isEarlier) first = timer;
    }
    return first;
  }
}

/** Lets promises and a turn or two of the event loop go by. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
