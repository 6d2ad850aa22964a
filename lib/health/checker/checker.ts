import type { Clock } from '../../core/clock.js';
import type { HealthConfig } from '../options.js';
import type { CacheSource, CheckResult, HealthChange, HealthState } from '../types.js';
import { cacheResult } from './cache-result.js';
import { type CheckConfig, CheckRunner } from './check-runner.js';
import { History } from './history.js';
import { type Finding, overallState } from './report.js';

const NO_RESULT: CheckResult = { status: 'down', code: 'timeout', message: 'no result yet' };

/** So often the event loop looks for input before a deadline counts: one time more than a check's own time-out. */
const LAST_POLLS = 3;

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
export class Checker {
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
          this.history.note(check.name, result.status, () => result.message),
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
    this.history.note('health', 'shutting_down', () => undefined);
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
    const status = overallState(this.#isShuttingDown, findings);
    if (scope.excluded.size === 0) this.#note(status, findings, scope);
    return { status, findings };
  }

  /** What `work` comes to, or `otherwise` when it fails or outlasts the report's deadline. `checks` run meanwhile. */
  async alongside<T>(
    checks: (config: CheckConfig) => boolean,
    work: () => T | Promise<T>,
    otherwise: T,
  ): Promise<T> {
    const wanted = this.#isShuttingDown ? [] : this.#runners.filter(({ config }) => checks(config));
    for (const runner of wanted) void runner.verdict();
    const deadline = this.#startDeadline();
    try {
      return (await Promise.race([work(), deadline.passed])) ?? otherwise;
    } catch {
      return otherwise;
    } finally {
      deadline.cancel();
    }
  }

  #ask(runners: readonly CheckRunner[]): Promise<Finding[]> | Finding[] {
    const fresh = runners.map((runner) => findingOf(runner, runner.fresh()));
    if (fresh.every((finding) => finding.result !== NO_RESULT)) return fresh;
    return this.#askAnew(runners);
  }

  async #askAnew(runners: readonly CheckRunner[]): Promise<Finding[]> {
    const deadline = this.#startDeadline();
    const findings = await Promise.all(
      runners.map(async (runner) =>
        findingOf(runner, await Promise.race([runner.verdict(), deadline.passed])),
      ),
    );
    deadline.cancel();
    return findings;
  }

  #startDeadline(): { readonly passed: Promise<undefined>; cancel(): void } {
    let cancel = (): void => {};
    const passed = new Promise<undefined>((resolve) => {
      const look = (left: number): void => {
        if (left === 0) resolve(undefined);
        else this.#clock.afterPoll(() => look(left - 1));
      };
      const { deadlineMs } = this.#config;
      cancel = this.#clock.setTimer(() => look(LAST_POLLS), deadlineMs, { ref: true }).cancel;
    });
    return { passed, cancel };
  }

  #examineCache(cache: CacheSource): Finding {
    const result = cacheResult(cache);
    this.history.note('cache', result.status, () => result.message);
    return { name: 'cache', critical: false, result };
  }

  /** Readiness looks at what is critical alone: the rest counts as it was found last. */
  #note(status: HealthState, findings: readonly Finding[], scope: Scope): void {
    if (isServing(status)) this.#hasStarted = true;
    if (!scope.isCriticalOnly) {
      this.#noteWhole(status, findings);
      return;
    }
    const others = this.#runners.filter(
      ({ config, last }) => !config.critical && last !== undefined,
    );
    const whole = [...findings, ...others.map(lastOf)];
    if (scope.cache !== undefined) whole.push(this.#examineCache(scope.cache));
    this.#noteWhole(overallState(this.#isShuttingDown, whole), whole);
  }

  #noteWhole(status: HealthState, findings: readonly Finding[]): void {
    this.history.note('health', status, () => reasonOf(findings));
  }
}

export function isServing(status: HealthState): boolean {
  return status === 'ok' || status === 'degraded';
}

/** `database is down, cache is degraded` */
function reasonOf(findings: readonly Finding[]): string | undefined {
  const ailing = findings.filter(({ result }) => result.status !== 'up');
  if (ailing.length === 0) return undefined;
  return ailing.map(({ name, result }) => `${name} is ${result.status}`).join(', ');
}

function findingOf(runner: CheckRunner, result: CheckResult | undefined): Finding {
  const { name, critical } = runner.config;
  return { name, critical, result: result ?? NO_RESULT };
}

function lastOf(runner: CheckRunner): Finding {
  return findingOf(runner, runner.last);
}
