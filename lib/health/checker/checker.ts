import type { HealthMetrics } from '../../api/metrics.js';
import type { Warnings } from '../../core/advice/warnings.js';
import type { Clock } from '../../core/time/clock.js';
import { LagAwareTimer } from '../../core/time/lag-aware-timer.js';
import type { CacheSource, CheckResult, HealthChange, HealthState } from '../types.js';
import { cacheResult, lookAtRedis } from './cache-result.js';
import { type CheckConfig, CheckRunner, deadlineOptions } from './check-runner.js';
import { History } from './history.js';
import { type Finding, overallState } from './report.js';

const NO_RESULT: CheckResult = { status: 'down', code: 'timeout', message: 'no result yet' };

/** Its pools may be closed, so we do not run it any more, and its last verdict is too old. */
const NOT_ASKED: CheckResult = { status: 'down', message: 'not checked while shutting down' };

/** The configuration of a checker. */
export interface CheckerConfig {
  readonly checks: readonly CheckConfig[];
  readonly maxAgeMs: number;
  /** For the whole report: every check's timeout and a little more. */
  readonly deadlineMs: number;
  readonly warnings: Warnings;
}

/** The findings, and the status that follows from them. */
export interface Examination {
  readonly status: HealthState;
  readonly findings: readonly Finding[];
}

/** The checks to look at. */
export interface Scope {
  readonly cache: CacheSource | undefined;
  readonly isCriticalOnly: boolean;
  readonly excluded: ReadonlySet<string>;
}

/** The checks of one router. Runs them, weighs them, and notices changes. Knows nothing of HTTP. */
export class Checker {
  readonly history: History;
  readonly #config: CheckerConfig;
  readonly #clock: Clock;
  readonly #runners: readonly CheckRunner[];
  #isShuttingDown = false;
  #hasStarted = false;

  constructor(config: CheckerConfig, clock: Clock, onChange: (change: HealthChange) => void) {
    this.#config = config;
    this.#clock = clock;
    this.history = new History(clock, onChange);
    this.#runners = config.checks.map(
      (check) =>
        new CheckRunner(check, {
          clock,
          maxAgeMs: config.maxAgeMs,
          onVerdict: ({ status, message }) =>
            this.history.record(check.name, status, () => message),
          onIdle: check.critical ? () => warnOfIdle(config.warnings, check.name) : undefined,
        }),
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
    this.history.record('health', 'shutting_down', () => undefined);
  }

  /** Never rejects; settles within the deadline of the report. */
  async examine(scope: Scope): Promise<Examination> {
    const runners = this.#runners.filter(
      ({ config }) =>
        (config.critical || !scope.isCriticalOnly) && !scope.excluded.has(config.name),
    );
    const cache = scope.isCriticalOnly || scope.excluded.has('cache') ? undefined : scope.cache;
    const looking = this.#isShuttingDown ? undefined : this.#look(cache);
    const findings = this.#isShuttingDown ? runners.map(knownOf) : await this.#ask(runners);
    if (looking !== undefined) await looking;
    if (cache !== undefined) findings.push(this.#examineCache(cache));
    const status = overallState(this.#isShuttingDown, findings);
    if (scope.excluded.size === 0) this.#record(status, findings, scope);
    return { status, findings };
  }

  /** For exporters: the status of the service and of each check. Never rejects; settles as `examine` does. */
  async metrics(cache: CacheSource | undefined): Promise<HealthMetrics> {
    const scope = { cache, isCriticalOnly: false, excluded: new Set<string>() };
    const { status, findings } = await this.examine(scope);
    const tookMs = new Map(this.#runners.map(({ config, lastMs }) => [config.name, lastMs]));
    const checks = findings.map(({ name, result }) => {
      const ms = tookMs.get(name);
      return {
        name,
        status: result.status,
        ...(ms === undefined ? {} : { seconds: ms / 1_000 }),
      };
    });
    return { status, checks };
  }

  /**
   * The result of `work`, or `otherwise` when it fails or takes longer than the report's deadline. The `checks`
   * run at the same time.
   */
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
    let timer: LagAwareTimer | undefined;
    const passed = new Promise<undefined>((resolve) => {
      const onDue = (): void => resolve(undefined);
      timer = new LagAwareTimer({ ...deadlineOptions(this.#clock), onDue });
      timer.start(this.#config.deadlineMs);
    });
    return { passed, cancel: () => timer?.cancel() };
  }

  /** Ends with the deadline of the report at the latest. */
  #look(cache: CacheSource | undefined): Promise<unknown> | undefined {
    const looking = lookAtRedis(cache);
    return (
      looking &&
      this.alongside(
        () => false,
        () => looking,
        undefined,
      )
    );
  }

  #examineCache(cache: CacheSource): Finding {
    const result = cacheResult(cache);
    this.history.record('cache', result.status, () => result.message);
    return { name: 'cache', critical: false, result };
  }

  /** Readiness looks at critical checks alone. For a change of the whole, the last verdicts of the others count. */
  #record(status: HealthState, findings: readonly Finding[], scope: Scope): void {
    if (isServing(status)) this.#hasStarted = true;
    if (!scope.isCriticalOnly) {
      this.#noteWhole(status, findings);
      return;
    }
    const others = this.#runners.filter(
      ({ config, last }) => !config.critical && last !== undefined,
    );
    const whole = [...findings, ...others.map((runner) => findingOf(runner, runner.last))];
    if (scope.cache !== undefined) whole.push(this.#examineCache(scope.cache));
    this.#noteWhole(overallState(this.#isShuttingDown, whole), whole);
  }

  #noteWhole(status: HealthState, findings: readonly Finding[]): void {
    this.history.record('health', status, () => reasonOf(findings));
  }
}

function warnOfIdle(warnings: Warnings, name: string): void {
  const text = `the check '${name}' returned undefined at once, so it waited for nothing and is up for ever. Return the promise of its ping, or true if there is nothing to wait for.`;
  warnings.once('a-check-that-waits-for-nothing', text);
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

/** While shutting down: a verdict that is still good, if there is one. */
function knownOf(runner: CheckRunner): Finding {
  const known = runner.fresh() ?? (runner.last === undefined ? NO_RESULT : NOT_ASKED);
  return findingOf(runner, known);
}
