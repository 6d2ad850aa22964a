import type { Request } from 'express';
import { type Maker, refuseRequest } from '../core/advice/uncalled.js';
import { processWarnings, type Warnings } from '../core/advice/warnings.js';
import { CacheHealthError } from '../core/errors.js';
import { cacheIn } from '../core/is-cache.js';
import { type Duration, parseDuration } from '../core/time/duration.js';
import { warnOfShort } from '../core/time/seconds.js';
import {
  invalid,
  parseBoolean,
  parseFunction,
  parseInteger,
  parseOptions,
} from '../core/validate.js';
import { checkName } from './check-name.js';
import type { CheckConfig } from './checker/check-runner.js';
import type { CheckerConfig } from './checker/checker.js';
import {
  checkAdvice,
  HEALTH_HINTS,
  isClient,
  isPromise,
  pingOf,
  routerAdvice,
} from './option-hints.js';
import type {
  CacheSource,
  CheckFunction,
  CheckOptions,
  HealthOptions,
  HealthState,
} from './types.js';

/** `HealthOptions`, parsed once: complete, in milliseconds, frozen. */
export interface HealthConfig extends CheckerConfig {
  readonly cache: CacheSource | undefined;
  readonly statusCodes: Readonly<Record<HealthState, number>>;
  readonly details: boolean | 'authorized';
  readonly ui: boolean;
  readonly authorize: (req: Request) => boolean | Promise<boolean>;
}

interface Defaults {
  readonly timeout: Duration;
  readonly maxAge: Duration;
  readonly statusCodes: Readonly<Record<HealthState, number>>;
  readonly details: boolean;
  readonly ui: boolean;
}

export const DEFAULTS: Defaults = Object.freeze({
  timeout: '800ms',
  maxAge: '1s',
  statusCodes: Object.freeze({ ok: 200, degraded: 200, error: 503, shutting_down: 503 }),
  details: true,
  ui: false,
});

export const KNOWN = [
  'database',
  'cache',
  'checks',
  'timeout',
  'maxAge',
  'statusCodes',
  'details',
  'authorize',
  'ui',
] as const;

const HEALTH_ROUTER: Maker = {
  name: 'healthRouter',
  code: 'ERR_HEALTH_OPTION',
  usage: "app.use('/health', healthRouter())",
};

/** Numbers below this were probably meant in seconds. */
const SHORTEST_MS = { timeout: 50, maxAge: 50 };

const DEADLINE_MARGIN_MS = 100;

export function parseHealthOptions(given: unknown): HealthConfig {
  refuseRequest(HEALTH_ROUTER, given);
  const what = {
    ...subject('the health router'),
    advice: routerAdvice(given),
    hints: HEALTH_HINTS,
  };
  if (isPromise(given) || isClient(given)) {
    throw invalid(what, 'an object of options', given);
  }
  const options = parseOptions<HealthOptions>(what, given, KNOWN);
  const timeoutMs = parseDuration(subject('timeout'), options.timeout ?? DEFAULTS.timeout);
  const checks = parseChecks(options, timeoutMs);
  const warnings = processWarnings();
  warnOfShort(warnings, options, SHORTEST_MS);
  const { database } = options;
  for (const [name, check] of Object.entries({ database, ...options.checks })) {
    warnOfCheck(warnings, name, check);
  }
  const slowest = Math.max(timeoutMs, ...checks.map((check) => check.timeoutMs));
  return Object.freeze({
    checks,
    cache: parseCache(options.cache),
    maxAgeMs: parseDuration(subject('maxAge'), options.maxAge ?? DEFAULTS.maxAge, 0),
    deadlineMs: slowest + DEADLINE_MARGIN_MS,
    statusCodes: parseStatusCodes(options.statusCodes),
    warnings,
    ui: parseBoolean(subject('ui'), options.ui ?? DEFAULTS.ui),
    ...parseDetails(options),
  });
}

/** A text has its unit, so only a number can be in doubt. */
function warnOfCheck(
  warnings: Warnings,
  name: string,
  given: CheckFunction | CheckOptions | undefined,
): void {
  const option = `the timeout of the check '${name}'`;
  if (typeof given === 'object') {
    warnOfShort(warnings, { [option]: given.timeout }, { [option]: SHORTEST_MS.timeout });
  }
}

function parseChecks(options: HealthOptions, timeoutMs: number): CheckConfig[] {
  const { checks = {}, database } = options;
  if (typeof checks !== 'object' || checks === null || Array.isArray(checks)) {
    const advice = 'For example: checks: { search: () => searchPing() }.';
    throw invalid({ ...subject('checks'), advice }, 'an object of checks by name', checks);
  }
  const named = Object.entries(checks);
  if (database !== undefined) named.unshift(['database', database]);
  refuseTwins(named.map(([name]) => name));
  return named.map(([name, check]) => parseCheck(name, check, timeoutMs));
}

/** A path has no upper and lower case: `/check/db` could mean `db` or `DB`. */
function refuseTwins(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const key = name.toLowerCase();
    if (seen.has(key)) {
      throw new CacheHealthError(
        'ERR_HEALTH_OPTION',
        `There are two checks named '${key}'. Rename the one in checks.`,
      );
    }
    seen.add(key);
  }
}

function parseCheck(
  name: string,
  given: CheckFunction | CheckOptions,
  timeoutMs: number,
): CheckConfig {
  checkName(name);
  const isClient = pingOf(given) !== undefined;
  if (typeof given === 'function' && !isClient)
    return { name, check: given, critical: true, timeoutMs };
  const what = subject(`the check '${name}'`);
  if (typeof given !== 'object' || given === null || isClient || isPromise(given)) {
    const advice = checkAdvice(name, given);
    throw invalid({ ...what, advice }, 'a function, or { check, critical, timeout }', given);
  }
  const options = parseOptions<CheckOptions>(what, given, ['check', 'critical', 'timeout']);
  const { critical = true, timeout } = options;
  return {
    name,
    check: parseCheckFunction(name, options.check),
    critical: parseBoolean(subject(`the check '${name}'.critical`), critical),
    timeoutMs:
      timeout === undefined
        ? timeoutMs
        : parseDuration(subject(`the check '${name}'.timeout`), timeout),
  };
}

function parseCheckFunction(name: string, given: unknown): CheckFunction {
  const advice = checkAdvice(name, given);
  const what = subject(`the check '${name}'.check`);
  // A client that can be called would be called as a check.
  if (pingOf(given) !== undefined) throw invalid({ ...what, advice }, 'a function', given);
  return parseFunction(what, given, advice);
}

function parseCache(given: unknown): CacheSource | undefined {
  if (given === undefined) return undefined;
  const cache = cacheIn<Extract<CacheSource, { status: unknown }>>(given, ['status']);
  if (cache !== undefined) return cache;
  throw invalid(subject('cache'), 'what cacheMiddleware() or createCache() returned', given);
}

export function parseStatusCodes(given: unknown): HealthConfig['statusCodes'] {
  const known = ['ok', 'degraded', 'error', 'shutting_down'] as const;
  const codes = parseOptions<Partial<Record<HealthState, number>>>(
    subject('statusCodes'),
    given,
    known,
  );
  const merged = { ...DEFAULTS.statusCodes };
  for (const state of known) {
    if (codes[state] === undefined) continue;
    const max = state === 'ok' ? 299 : 599;
    merged[state] = parseInteger(subject(`statusCodes.${state}`), codes[state], [200, max]);
  }
  return Object.freeze(merged);
}

function parseDetails(options: HealthOptions): Pick<HealthConfig, 'details' | 'authorize'> {
  const { details = DEFAULTS.details, authorize } = options;
  if (details !== 'authorized' && typeof details !== 'boolean') {
    throw invalid(subject('details'), "true, false or 'authorized'", details);
  }
  if (details === 'authorized') {
    const advice = "It decides who sees details: (req) => req.get('authorization') === '…'.";
    return { details, authorize: parseFunction(subject('authorize'), authorize, advice) };
  }
  if (authorize !== undefined) {
    throw invalid(subject('authorize'), "absent unless details is 'authorized'", authorize);
  }
  return { details, authorize: () => details };
}

function subject(name: string): { readonly name: string; readonly code: 'ERR_HEALTH_OPTION' } {
  return { name, code: 'ERR_HEALTH_OPTION' };
}
