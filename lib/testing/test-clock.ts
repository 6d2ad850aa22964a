import { type Clock, systemClock, type Timer } from '../core/time/clock.js';
import { eventLoop } from './event-loop.js';

interface Scheduled {
  readonly dueAt: number;
  readonly callback: () => void;
  /** A caller waits for Redis until then. */
  readonly isDeadline: boolean;
}

/** In so many turns a Redis that works has answered. */
const PATIENCE_TURNS = 3;

/** A timer never fires at once, as in Node, so one that starts itself again cannot hold time up. */
const SHORTEST_MS = 1;

/** Fake dates often begin at 0. No Redis has a version 0, which would lie there. */
const EARLIEST_MS = 1_000;

/**
 * Time that stands still until `advance` moves it. It begins with the time of day. The fake timers of a test
 * runner neither move it nor stop it.
 */
export class TestClock implements Clock {
  readonly #timers = new Set<Scheduled>();
  readonly #wallStart: number = Math.max(EARLIEST_MS, systemClock.wallNow());
  #now = 0;
  /** Calls of `afterPoll` that wait, and those that were answered. */
  #polls = 0;
  #polled = 0;
  #isPassing = false;
  /** Calls of `advance` run one after the other. */
  #last: Promise<void> = Promise.resolve();

  now(): number {
    return this.#now;
  }

  idleTime(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wallStart + this.#now;
  }

  setTimer(callback: () => void, ms: number): Timer {
    return this.#schedule(callback, ms, false);
  }

  /** In a promise's callback, because a test may have replaced `nextTick`. */
  endOfTurn(callback: () => void): void {
    void Promise.resolve().then(callback);
  }

  afterPoll(callback: () => void): void {
    this.#polls++;
    eventLoop.next(() => {
      this.#polls--;
      this.#polled++;
      callback();
    });
  }

  /** The same time, for connections to Redis: it knows which timers are deadlines of callers. */
  ofRedis(): Clock {
    return {
      now: () => this.now(),
      idleTime: () => this.idleTime(),
      wallNow: () => this.wallNow(),
      endOfTurn: (callback) => this.endOfTurn(callback),
      afterPoll: (callback) => this.afterPoll(callback),
      setTimer: (callback, ms, options) => this.#schedule(callback, ms, options?.ref === true),
    };
  }

  /**
   * Callers wait for a Redis that does not answer. While that is so, time moves by itself from deadline to
   * deadline, so that a test need not move it while a call is in flight.
   */
  passWhile(isSilent: () => boolean): void {
    if (!this.#isPassing) void this.#pass(isSilent);
  }

  /** Moves time on and fires what falls due, in order. What follows from a timer happens before the next one. */
  advance(ms: number): Promise<void> {
    const moving = this.#last.then(() => this.#advance(this.#now + ms));
    // A callback that throws fails this call and no later one.
    this.#last = moving.catch(() => {});
    return moving;
  }

  #schedule(callback: () => void, ms: number, isDeadline: boolean): Timer {
    // In whole milliseconds, as Node fires them.
    const dueAt = this.#now + Math.max(SHORTEST_MS, Math.ceil(ms));
    const timer = { dueAt, callback, isDeadline };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  async #pass(isSilent: () => boolean): Promise<void> {
    this.#isPassing = true;
    try {
      for (;;) {
        for (let turns = 0; turns < PATIENCE_TURNS; turns++) await turn();
        const next = isSilent() ? this.#first(({ isDeadline }) => isDeadline) : undefined;
        if (next === undefined) return;
        await this.advance(Math.max(0, next.dueAt - this.#now));
      }
    } finally {
      this.#isPassing = false;
    }
  }

  async #advance(end: number): Promise<void> {
    await this.#settle();
    const isDue = ({ dueAt }: Scheduled): boolean => dueAt <= end;
    for (let timer = this.#first(isDue); timer !== undefined; timer = this.#first(isDue)) {
      this.#now = Math.max(this.#now, timer.dueAt);
      this.#timers.delete(timer);
      timer.callback();
      await this.#settle();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** The timer that falls due first; of several, the one that was started first. */
  #first(isWanted: (timer: Scheduled) => boolean): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const timer of this.#timers) {
      const isEarlier = first === undefined || timer.dueAt < first.dueAt;
      if (isEarlier && isWanted(timer)) first = timer;
    }
    return first;
  }

  /** Ends when no promise and no `afterPoll` of this cache has anything left to do. */
  async #settle(): Promise<void> {
    for (;;) {
      const polled = this.#polled;
      await turn();
      if (this.#polled === polled && this.#polls === 0) return;
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => eventLoop.next(resolve));
}
