import type { Server } from 'node:http';
import { systemClock } from '../core/clock.js';
import { type Duration, parseDuration } from '../core/duration.js';
import { errorText } from '../core/redact.js';
import { invalid, parseFunction, parseOptions } from '../core/validate.js';

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

export interface GracefulShutdown {
  /** Shuts down as a signal would. Settles when all is closed; the process is then free to end. */
  shutdown(): Promise<void>;
  /** Takes the signal handlers away again. */
  dispose(): void;
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

const KNOWN = ['health', 'cache', 'drainDelay', 'timeout', 'onSignal', 'signals'] as const;

/** Idle keep-alive connections are looked for this often while the last requests end. */
const SWEEP_MS = 100;

/**
 * Ends a server without losing a request. On SIGTERM or SIGINT: readiness fails at once while traffic is
 * still served; after `drainDelay` no connection is accepted and idle ones are closed; when the last
 * request is answered the cache is closed and `onSignal` runs; then the process ends with code 0. A second
 * signal, or `timeout`, ends it at once with code 1.
 */
export function gracefulShutdown(
  server: Server,
  options?: GracefulShutdownOptions,
): GracefulShutdown {
  const config = parseShutdownOptions(server, options);
  let running: Promise<void> | undefined;
  const shutdown = (): Promise<void> => {
    running ??= shutDown(server, config);
    return running;
  };
  const onSignal = (): void => {
    if (running !== undefined) process.exit(1);
    systemClock.setTimer(() => process.exit(1), config.timeoutMs);
    shutdown().then(
      () => process.exit(0),
      (error: unknown) => {
        process.emitWarning(
          `the shutdown failed: ${errorText(error)}`,
          'ExpressCacheHealthWarning',
        );
        process.exit(1);
      },
    );
  };
  for (const signal of config.signals) process.on(signal, onSignal);
  const dispose = (): void => {
    for (const signal of config.signals) process.off(signal, onSignal);
  };
  return { shutdown, dispose };
}

interface ShutdownConfig {
  readonly drainDelayMs: number;
  readonly timeoutMs: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly beginShutdown: () => void;
  readonly closeCache: () => Promise<void>;
  readonly onSignal: () => unknown;
}

async function shutDown(server: Server, config: ShutdownConfig): Promise<void> {
  config.beginShutdown();
  await pause(config.drainDelayMs);
  await closeServer(server);
  await config.closeCache();
  await config.onSignal();
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      isClosed = true;
      resolve();
    });
  });
  // A connection that becomes idle after close() would keep the server open until its keep-alive ends.
  while (!isClosed) {
    server.closeIdleConnections();
    await Promise.race([closed, pause(SWEEP_MS)]);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.setTimer(resolve, ms, { ref: true });
  });
}

function parseShutdownOptions(
  server: unknown,
  given: GracefulShutdownOptions | undefined,
): ShutdownConfig {
  if (typeof (server as Server | undefined)?.closeIdleConnections !== 'function') {
    const advice = 'It is what app.listen() returns.';
    throw invalid(subject('the server'), 'a node:http server', server, advice);
  }
  const options = parseOptions<GracefulShutdownOptions>(subject('gracefulShutdown'), given, KNOWN);
  const { drainDelay, timeout, signals } = { ...SHUTDOWN_DEFAULTS, ...options };
  const { cache, health, onSignal } = options;
  return {
    drainDelayMs: parseDuration(subject('drainDelay'), drainDelay, 0),
    timeoutMs: parseDuration(subject('timeout'), timeout),
    signals,
    beginShutdown: () => health?.beginShutdown(),
    closeCache: async () => cache && ('cache' in cache ? cache.cache : cache).close(),
    onSignal: onSignal === undefined ? () => {} : parseFunction(subject('onSignal'), onSignal),
  };
}

function subject(name: string): { readonly name: string; readonly code: 'ERR_HEALTH_OPTION' } {
  return { name, code: 'ERR_HEALTH_OPTION' };
}
