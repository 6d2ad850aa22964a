import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { systemClock } from '../core/clock.js';
import { errorText } from '../core/redact.js';
import {
  type GracefulShutdownOptions,
  parseShutdownOptions,
  type ShutdownConfig,
} from './shutdown-options.js';

export type { GracefulShutdownOptions } from './shutdown-options.js';

export interface GracefulShutdown {
  /** Shuts down as a signal would. Settles when all is closed; the process is then free to end. */
  shutdown(): Promise<void>;
  /** Takes the signal handlers away again. */
  dispose(): void;
}

/** The same signal again so soon is the same one: npm passes on a Ctrl-C that its child has had already. */
const ECHO_MS = 500;

/** Idle keep-alive connections are looked for this often while the last requests end. */
const SWEEP_MS = 100;

/**
 * Ends a server without losing a request. On SIGTERM or SIGINT: readiness fails at once while traffic is
 * still served, each connection for one answer more; after `drainDelay` no connection is accepted and idle
 * ones are closed; when the last request is answered the cache is closed and `onSignal` runs; then the
 * process ends with code 0. A second signal (the same within half a second is one), `timeout`, or a clean-up
 * that fails, ends it with code 1.
 *
 * @throws CacheHealthError `ERR_HEALTH_OPTION` for a wrong option.
 */
export function gracefulShutdown(
  server: Server,
  options?: GracefulShutdownOptions,
): GracefulShutdown {
  const config = parseShutdownOptions(server, options);
  let running: Promise<void> | undefined;
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const shutdown = (): Promise<void> => {
    running ??= shutDown(server, config);
    return running;
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    const at = systemClock.now();
    if (first !== undefined) {
      if (signal === first.signal && at - first.at < ECHO_MS) return;
      process.exit(1);
    }
    first = { signal, at };
    const limit = systemClock.setTimer(() => process.exit(1), config.timeoutMs);
    shutdown()
      .finally(() => limit.cancel())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.emitWarning(
            `the shutdown failed: ${errorText(error)}`,
            'ExpressCacheHealthWarning',
          );
          // The warning is written in the next turn.
          systemClock.afterPoll(() => process.exit(1));
        },
      );
  };
  for (const signal of config.signals) process.on(signal, onSignal);
  const dispose = (): void => {
    for (const signal of config.signals) process.off(signal, onSignal);
  };
  return { shutdown, dispose };
}

async function shutDown(server: Server, config: ShutdownConfig): Promise<void> {
  config.beginShutdown();
  // A balancer that has taken the instance out still uses the connections it has.
  server.prependListener('request', closeAfterAnswer);
  await pause(config.drainDelayMs);
  await closeServer(server);
  try {
    await config.closeCache();
  } finally {
    await config.onSignal();
  }
}

function closeAfterAnswer(_req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('Connection', 'close');
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
