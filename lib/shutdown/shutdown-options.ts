import type { Server } from 'node:http';
import { constants } from 'node:os';
import { type Duration, parseDuration } from '../core/duration.js';
import { invalid, parseFunction, parseOptions, type Subject } from '../core/validate.js';

export interface GracefulShutdownOptions {
  /** The router whose readiness is to fail first. */
  readonly health?: { beginShutdown(): void };
  /** Closed when the last request is answered: the cache, or the middleware that has it. */
  readonly cache?: { close(): Promise<void> } | { readonly cache: { close(): Promise<void> } };
  /** How long traffic is still served after readiness failed: longer than the balancer takes to notice. @default '5s' */
  readonly drainDelay?: Duration;
  /** After this long, from the signal on, the process ends whatever is still open. @default '25s' */
  readonly timeout?: Duration;
  /** Your own clean-up, after the last request: close the database here. */
  readonly onSignal?: () => unknown;
  /** The signals to listen to. @default ['SIGTERM', 'SIGINT'] */
  readonly signals?: readonly NodeJS.Signals[];
}

/** `GracefulShutdownOptions`, read once. */
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

export const KNOWN = ['health', 'cache', 'drainDelay', 'timeout', 'onSignal', 'signals'] as const;

export function parseShutdownOptions(
  server: unknown,
  given: GracefulShutdownOptions | undefined,
): ShutdownConfig {
  if (typeof (server as Server | undefined)?.closeIdleConnections !== 'function') {
    const advice = 'It is what app.listen() returns.';
    throw invalid(subject('the server'), 'a node:http server', server, advice);
  }
  const options = parseOptions<GracefulShutdownOptions>(subject('gracefulShutdown'), given, KNOWN);
  const { cache, health, onSignal } = options;
  return {
    ...parseTimes(options),
    signals: parseSignals(options.signals ?? SHUTDOWN_DEFAULTS.signals),
    beginShutdown: parseOwner(health, 'health', 'beginShutdown', 'what healthRouter() gave'),
    closeCache: parseOwner(
      cache !== undefined && cache !== null && 'cache' in cache ? cache.cache : cache,
      'cache',
      'close',
      'what cacheMiddleware() or createCache() gave',
    ),
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
  const advice = 'Every shutdown would be cut off.';
  throw invalid(subject('drainDelay'), `shorter than timeout, ${timeoutMs} ms`, drainDelay, advice);
}

/** One method of an object that may be absent. Found out now, not when the signal comes. */
function parseOwner<Name extends string>(
  owner: { readonly [name in Name]: () => unknown } | undefined,
  option: string,
  method: Name,
  expected: string,
): () => unknown {
  if (owner === undefined) return () => {};
  if (typeof owner?.[method] === 'function') return () => owner[method]();
  throw invalid(subject(option), expected, owner);
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
