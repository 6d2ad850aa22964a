import type { Clock, Timer } from '../../core/clock.js';
import type { CheckFunction, CheckResult } from '../types.js';
import { classifyError, classifyValue } from './classify.js';

/** A timer this late means that the event loop was busy: the answer may lie unread in its socket. */
const LATE_MS = 20;

/** A check that never settles is given up after this long, and each time it happens again after twice as long. */
const ABANDON_MS = 30_000;
const LONGEST_ABANDON_MS = 600_000;

export interface CheckConfig {
  readonly name: string;
  readonly check: CheckFunction;
  readonly critical: boolean;
  readonly timeoutMs: number;
}

interface Flight {
  readonly startedAt: number;
  readonly verdict: Promise<CheckResult>;
}

/**
 * One check and what is known of it.
 *
 * Invariants: one run is outstanding at most, whoever asks and however long it hangs, until it is
 * abandoned; callers of a running check share its verdict; a verdict is given for `maxAge`, by the
 * monotonic clock; what settles after its time-out frees the place and is no verdict.
 */
export class CheckRunner {
  readonly config: CheckConfig;
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #onVerdict: (result: CheckResult) => void;
  #last: { readonly result: CheckResult; readonly at: number } | undefined;
  #flight: Flight | undefined;
  #abandonMs = ABANDON_MS;

  constructor(
    config: CheckConfig,
    clock: Clock,
    maxAgeMs: number,
    onVerdict: (result: CheckResult) => void,
  ) {
    this.config = config;
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.#onVerdict = onVerdict;
  }

  /** The newest verdict, fresh or not. */
  get last(): CheckResult | undefined {
    return this.#last?.result;
  }

  /** A verdict that is still good; `undefined` when one must be asked for. */
  fresh(): CheckResult | undefined {
    const last = this.#last;
    if (last === undefined || this.#clock.now() - last.at >= this.#maxAgeMs) return undefined;
    return last.result;
  }

  /** Never rejects; settles within the check's time-out (and what a busy event loop adds). */
  async verdict(): Promise<CheckResult> {
    const fresh = this.fresh();
    if (fresh !== undefined) return fresh;
    const flight = this.#flight;
    if (flight === undefined) return this.#start();
    const age = this.#clock.now() - flight.startedAt;
    if (age <= this.config.timeoutMs || this.#last === undefined) return flight.verdict;
    if (age < this.#abandonMs) return this.#last.result;
    this.#abandonMs = Math.min(LONGEST_ABANDON_MS, this.#abandonMs * 2);
    return this.#start();
  }

  #start(): Promise<CheckResult> {
    const abort = new AbortController();
    const { name, check } = this.config;
    const running = new Promise<unknown>((resolve) => {
      resolve(check({ name, signal: abort.signal }));
    }).then(
      (value) => classifyValue(name, value),
      (error) => classifyError(error),
    );
    const flight: Flight = {
      startedAt: this.#clock.now(),
      verdict: this.#judge(running, abort),
    };
    this.#flight = flight;
    void running.then(() => {
      if (this.#flight === flight) this.#flight = undefined;
    });
    return flight.verdict;
  }

  async #judge(running: Promise<CheckResult>, abort: AbortController): Promise<CheckResult> {
    let timer: Timer | undefined;
    const timedOut = new Promise<CheckResult>((resolve) => {
      timer = this.#startTimer(() => {
        abort.abort(new Error('the check took too long'));
        resolve(this.#tooLong());
      });
    });
    const result = await Promise.race([running, timedOut]);
    timer?.cancel();
    if (result.code !== 'timeout') this.#abandonMs = ABANDON_MS;
    this.#last = { result, at: this.#clock.now() };
    this.#onVerdict(result);
    return result;
  }

  #startTimer(expire: () => void): Timer {
    const { timeoutMs } = this.config;
    const dueAt = this.#clock.now() + timeoutMs;
    const onTimer = (): void => {
      if (this.#clock.now() - dueAt <= LATE_MS) expire();
      else this.#clock.afterPoll(() => this.#clock.afterPoll(expire));
    };
    return this.#clock.setTimer(onTimer, timeoutMs, { ref: true });
  }

  #tooLong(): CheckResult {
    return {
      status: 'down',
      code: 'timeout',
      message: `no answer within ${this.config.timeoutMs} ms`,
    };
  }
}
