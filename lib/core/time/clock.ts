import { performance } from 'node:perf_hooks';

/** A timer that was started; `cancel()` is harmless after it fired. */
export interface Timer {
  cancel(): void;
}

/**
 * The one place that reads time or starts a timer, so that tests drive time themselves.
 * Every delay is in milliseconds.
 */
export interface Clock {
  /** Monotonic milliseconds: never steps, meaningless as a date. */
  now(): number;
  /** Milliseconds this process has spent waiting for input, rather than computing. */
  idleTime(): number;
  /** Milliseconds since the Unix epoch: for people and for other machines. */
  wallNow(): number;
  /** Calls `callback` once after `ms`. A timer that is not `ref` never keeps a finished process alive. */
  setTimer(callback: () => void, ms: number, options?: { readonly ref?: boolean }): Timer;
  /** Calls `callback` when the code that runs now has ended, before any timer and any input. */
  endOfTurn(callback: () => void): void;
  /** Calls `callback` after the event loop has polled for input once. */
  afterPoll(callback: () => void): void;
}

/** Node's own, also where the fake timers of a test replace it later. */
const { nextTick } = process;

/** Node fires a timer beyond this (some 25 days) after one millisecond. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  idleTime: () => performance.nodeTiming.idleTime,
  wallNow: () => Date.now(),
  setTimer(callback, ms, options) {
    let handle: NodeJS.Timeout;
    const start = (leftMs: number): void => {
      const isLast = leftMs <= LONGEST_TIMER_MS;
      handle = isLast
        ? setTimeout(callback, leftMs)
        : setTimeout(() => start(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS);
      if (options?.ref !== true) handle.unref();
    };
    start(ms);
    return { cancel: () => clearTimeout(handle) };
  },
  endOfTurn(callback) {
    nextTick(callback);
  },
  afterPoll(callback) {
    setImmediate(callback);
  },
};
