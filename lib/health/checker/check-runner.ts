import type { Clock } from '../../core/time/clock.js';
import { LagAwareTimer, type LagAwareTimerOptions } from '../../core/time/lag-aware-timer.js';
import type { CheckFunction, CheckResult } from '../types.js';
import { classifyValue } from './classify.js';
import { classifyError } from './failure.js';
import { isIdle } from './idle-check.js';

/** A check that never settles is abandoned after this time, and after twice as long each time it happens again. */
const ABANDON_MS = 30_000;
const LONGEST_ABANDON_MS = 600_000;

export interface CheckConfig {
  readonly name: string;
  readonly check: CheckFunction;
  readonly critical: boolean;
  readonly timeoutMs: number;
}

export interface RunnerOptions {
  readonly clock: Clock;
  readonly maxAgeMs: number;
  readonly onVerdict: (result: CheckResult) => void;
  /** The check ended with `undefined` at once, so it may have waited for nothing. */
  readonly onIdle?: (() => void) | undefined;
}

/** One run of the check. */
interface Run {
  readonly startedAt: number;
  readonly verdict: Promise<CheckResult>;
  /** Its verdict was that it takes too long, and it has not settled since. */
  isOverdue: boolean;
}

/**
 * One check and its latest verdict.
 *
 * Invariants: at most one run is outstanding, however many callers there are and however long it hangs, until
 * it is abandoned. Callers of a running check share its verdict. A verdict is served for `maxAge` by the
 * monotonic clock, and no longer. A run that settles after its timeout frees the place and gives no verdict.
 */
export class CheckRunner {
  readonly config: CheckConfig;
  readonly #options: RunnerOptions;
  #last: { readonly result: CheckResult; readonly at: number } | undefined;
  #run: Run | undefined;
  #abandonMs = ABANDON_MS;
  #lastMs: number | undefined;

  constructor(config: CheckConfig, options: RunnerOptions) {
    this.config = config;
    this.#options = options;
  }

  /** The newest verdict, however old: for comparing, not for serving. */
  get last(): CheckResult | undefined {
    return this.#last?.result;
  }

  /** How long the run took that gave the newest verdict. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** A verdict that is still good; `undefined` when the check must run. */
  fresh(): CheckResult | undefined {
    const { clock, maxAgeMs } = this.#options;
    const last = this.#last;
    return last === undefined || clock.now() - last.at >= maxAgeMs ? undefined : last.result;
  }

  /** Never rejects; settles within the check's timeout (and what a busy event loop adds). */
  async verdict(): Promise<CheckResult> {
    const fresh = this.fresh();
    if (fresh !== undefined) return fresh;
    const run = this.#run;
    if (run === undefined) return this.#start();
    if (!run.isOverdue) return run.verdict;
    if (this.#options.clock.now() - run.startedAt < this.#abandonMs) return this.#tooLong();
    this.#abandonMs = Math.min(LONGEST_ABANDON_MS, this.#abandonMs * 2);
    return this.#start();
  }

  #start(): Promise<CheckResult> {
    const { name, check } = this.config;
    const abort = new AbortController();
    const settled = new Promise<unknown>((resolve) => {
      const returned = check({ name, signal: abort.signal });
      resolve(returned);
      void this.#noteIdle(returned);
    }).then(
      (value) => classifyValue(name, value),
      (error) => classifyError(error),
    );
    const run: Run = {
      startedAt: this.#options.clock.now(),
      verdict: this.#limit(settled, () => {
        run.isOverdue = true;
        abort.abort(new Error('the check took too long'));
      }),
      isOverdue: false,
    };
    this.#run = run;
    void settled.then(() => {
      if (this.#run === run) this.#run = undefined;
    });
    return run.verdict;
  }

  async #noteIdle(returned: unknown): Promise<void> {
    const { onIdle } = this.#options;
    if (onIdle !== undefined && (await isIdle(returned))) onIdle();
  }

  /** The verdict of the run within the timeout. */
  async #limit(settled: Promise<CheckResult>, onOverdue: () => void): Promise<CheckResult> {
    const { clock, onVerdict } = this.#options;
    const startedAt = clock.now();
    let timer: LagAwareTimer | undefined;
    const overdue = new Promise<CheckResult>((resolve) => {
      timer = this.#startTimer(() => {
        onOverdue();
        resolve(this.#tooLong());
      });
    });
    const result = await Promise.race([settled, overdue]);
    timer?.cancel();
    if (result.code !== 'timeout') this.#abandonMs = ABANDON_MS;
    const now = clock.now();
    this.#last = { result, at: now };
    this.#lastMs = now - startedAt;
    onVerdict(result);
    return result;
  }

  #startTimer(onDue: () => void): LagAwareTimer {
    const timer = new LagAwareTimer({ ...deadlineOptions(this.#options.clock), onDue });
    timer.start(this.config.timeoutMs);
    return timer;
  }

  #tooLong(): CheckResult {
    const message = `no answer within ${this.config.timeoutMs} ms`;
    return { status: 'down', code: 'timeout', message };
  }
}

/** The options that deadlines of checks and reports share. A busy event loop postpones them, but not for ever. */
export function deadlineOptions(clock: Clock): Omit<LagAwareTimerOptions, 'onDue'> {
  return { clock, maxPostponements: 3, waitsFor: () => undefined, isAwaited: true };
}
