import type { Server } from 'node:http';
import { constants } from 'node:os';
import { processWarnings } from '../core/advice/warnings.js';
import { cacheIn } from '../core/is-cache.js';
import { type Duration, parseDuration } from '../core/time/duration.js';
import { warnOfShort } from '../core/time/seconds.js';
import { invalid, parseFunction, parseOptions, type Subject } from '../core/validate.js';

export interface GracefulShutdownOptions {
  /** The router whose readiness fails first. */
  readonly health?: { beginShutdown(): void } | undefined;
  /** The cache, or the middleware that has it. It is closed when the last request is answered. */
  readonly cache?:
    | { close(): Promise<void> }
    | { readonly cache: { close(): Promise<void> } }
    | undefined;
  /**
   * How long traffic is still served after readiness failed: longer than the balancer takes to notice. Skipped
   * after a signal if no client was connected for that long.
   * @default '5s'
   */
  readonly drainDelay?: Duration | undefined;
  /** How long all of it may take from the signal on. The last quarter of it, 5 seconds at most, is for the clean-up: what is still open by then is destroyed. @default '25s' */
  readonly timeout?: Duration | undefined;
  /** Your own clean-up, after the last request. Close the database here. */
  readonly onSignal?: (() => unknown) | undefined;
  /** The signals to listen to. @default ['SIGTERM', 'SIGINT'] */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
}

/** `GracefulShutdownOptions`, parsed once. */
export interface ShutdownConfig {
  readonly drainDelayMs: number;
  readonly timeoutMs: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly beginShutdown: () => unknown;
  readonly closeCache: () => unknown;
  readonly onSignal: () => unknown;
}

interface Defaults {
  readonly drainDelay: Duration;
  readonly timeout: Duration;
  readonly signals: readonly NodeJS.Signals[];
}

export const SHUTDOWN_DEFAULTS: Defaults = Object.freeze({
  drainDelay: '5s',
  timeout: '25s',
  signals: Object.freeze(['SIGTERM', 'SIGINT'] as const),
});

/** Numbers below this were probably meant in seconds. */
const SHORTEST_MS = { drainDelay: 100, timeout: 100 };

export const KNOWN = ['health', 'cache', 'drainDelay', 'timeout', 'onSignal', 'signals'] as const;

export function parseShutdownOptions(
  server: unknown,
  given: GracefulShutdownOptions | undefined,
): ShutdownConfig {
  if (typeof (server as Server | undefined)?.closeIdleConnections !== 'function') {
    const advice = 'It is what app.listen() returns.';
    throw invalid({ ...subject('the server'), advice }, 'a node:http server', server);
  }
  const options = parseOptions<GracefulShutdownOptions>(subject('gracefulShutdown'), given, KNOWN);
  const { cache, health, onSignal } = options;
  warnOfShort(processWarnings(), options, SHORTEST_MS);
  return {
    ...parseTimes(options),
    signals: parseSignals(options.signals ?? SHUTDOWN_DEFAULTS.signals),
    beginShutdown: parseHealth(health),
    closeCache: parseCache(cache),
    onSignal: onSignal === undefined ? () => {} : parseFunction(subject('onSignal'), onSignal),
  };
}

function parseTimes(
  options: GracefulShutdownOptions,
): Pick<ShutdownConfig, 'drainDelayMs' | 'timeoutMs'> {
  const { drainDelay = SHUTDOWN_DEFAULTS.drainDelay, timeout = SHUTDOWN_DEFAULTS.timeout } =
    options;
  const drainDelayMs = parseDuration(subject('drainDelay'), drainDelay, 0);
  const timeoutMs = parseDuration(subject('timeout'), timeout);
  if (drainDelayMs < timeoutMs) return { drainDelayMs, timeoutMs };
  const advice = 'Otherwise no time is left to close anything.';
  throw invalid(
    { ...subject('drainDelay'), advice },
    `shorter than timeout, ${timeoutMs} ms`,
    drainDelay,
  );
}

function parseHealth(health: GracefulShutdownOptions['health']): () => unknown {
  if (health === undefined) return () => {};
  if (typeof health?.beginShutdown === 'function') return () => health.beginShutdown();
  throw invalid(subject('health'), 'what healthRouter() returned', health);
}

function parseCache(given: unknown): () => unknown {
  if (given === undefined) return () => {};
  const cache = cacheIn<{ close(): unknown }>(given, ['close']);
  if (cache !== undefined) return () => cache.close();
  throw invalid(subject('cache'), 'what cacheMiddleware() or createCache() returned', given);
}

function parseSignals(given: unknown): readonly NodeJS.Signals[] {
  const isKnown =
    Array.isArray(given) && given.every((name) => Object.hasOwn(constants.signals, name));
  if (isKnown) return Object.freeze([...given]);
  throw invalid(subject('signals'), "a list of signals, such as ['SIGTERM', 'SIGINT']", given);
}

function subject(name: string): Subject {
  return { name, code: 'ERR_HEALTH_OPTION' };
}
