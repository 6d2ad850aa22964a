import type { Clock } from '../core/clock.js';
import { cacheResult } from './cache-result.js';
import { CheckRunner } from './check-runner.js';
import { History } from './history.js';
import type { HealthConfig } from './options.js';
import { type Finding, overallState } from './report.js';
import type { CacheSource, CheckResult, HealthChange, HealthState } from './types.js';

const NO_RESULT: CheckResult = { status: 'down', code: 'timeout', message: 'no result yet' };

/** What was found, and what it comes to. */
export interface Examination {
  readonly status: HealthState;
  readonly findings: readonly Finding[];
}

/** What to look at. */
export interface Scope {
  readonly cache: CacheSource | undefined;
  readonly isCriticalOnly: boolean;
  readonly excluded: ReadonlySet<string>;
}

/** The checks of one router: runs them, weighs them, and notices changes. Knows nothing of HTTP. */
export class Health {
  readonly history: History;
  readonly #config: HealthConfig;
  readonly #clock: Clock;
  readonly #runners: readonly CheckRunner[];
  #isShuttingDown = false;
  #hasStarted = false;

  constructor(config: HealthConfig, clock: Clock, onChange: (change: HealthChange) => void) {
    this.#config = config;
    this.#clock = clock;
    this.history = new History(clock, onChange);
    this.#runners = config.checks.map(
      (check) =>
        new CheckRunner(check, clock, config.maxAgeMs, (result) =>
          this.history.note(check.name, result.status, result.message),
        ),
    );
  }

  get isShuttingDown(): boolean {
    return this.#isShuttingDown;
  }

  /** Whether every critical check has been up at the same time once. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  get names(): string[] {
    return this.#runners.map((runner) => runner.config.name);
  }

  beginShutdown(): void {
    this.#isShuttingDown = true;
    this.history.note('health', 'shutting_down', undefined);
  }

  /** Never rejects; settles within the deadline of the report. */
  async examine(scope: Scope): Promise<Examination> {
    const runners = this.#runners.filter(
      ({ config }) =>
        (config.critical || !scope.isCriticalOnly) && !scope.excluded.has(config.name),
    );
    // While shutting down the pools may be closed already: what is known is enough.
    const findings = this.#isShuttingDown ? runners.map(lastOf) : await this.#ask(runners);
    if (!scope.isCriticalOnly && scope.cache !== undefined && !scope.excluded.has('cache')) {
      findings.push(this.#examineCache(scope.cache));
    }
    const weights = findings.map(({ critical, result }) => ({ critical, state: result.status }));
    const status = overallState(this.#isShuttingDown, weights);
    if (scope.excluded.size === 0) this.#note(status, scope.isCriticalOnly);
    return { status, findings };
  }

  #ask(runners: readonly CheckRunner[]): Promise<Finding[]> | Finding[] {
    const fresh = runners.map((runner) => findingOf(runner, runner.fresh()));
    if (fresh.every((finding) => finding.result !== NO_RESULT)) return fresh;
    return this.#askAnew(runners);
  }

  async #askAnew(runners: readonly CheckRunner[]): Promise<Finding[]> {
    let cancel = (): void => {};
    const deadline = new Promise<undefined>((resolve) => {
      const { deadlineMs } = this.#config;
      const expire = (): void => this.#clock.afterPoll(() => resolve(undefined));
      cancel = this.#clock.setTimer(expire, deadlineMs, { ref: true }).cancel;
    });
    const findings = await Promise.all(
      runners.map(async (runner) =>
        findingOf(runner, await Promise.race([runner.verdict(), deadline])),
      ),
    );
    cancel();
    return findings;
  }

  #examineCache(cache: CacheSource): Finding {
    const result = cacheResult(cache);
    this.history.note('cache', result.status, result.message);
    return { name: 'cache', critical: false, result };
  }

  #note(status: HealthState, isCriticalOnly: boolean): void {
    if (status === 'ok' || status === 'degraded') this.#hasStarted = true;
    // What is critical alone does not tell degraded from ok.
    if (!isCriticalOnly) this.history.note('health', status, undefined);
  }
}

function findingOf(runner: CheckRunner, result: CheckResult | undefined): Finding {
  const { name, critical } = runner.config;
  return { name, critical, result: result ?? NO_RESULT };
}

function lastOf(runner: CheckRunner): Finding {
  return findingOf(runner, runner.last);
}
