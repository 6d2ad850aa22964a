import type { Server } from 'node:http';
import { errorText } from '../core/redact/redact.js';
import { systemClock } from '../core/time/clock.js';
import type { Closing } from './close-server.js';
import type { ShutdownCall } from './shut-down.js';
import type { GracefulShutdownOptions, ShutdownConfig } from './shutdown-options.js';

export type { GracefulShutdownOptions } from './shutdown-options.js';

export interface GracefulShutdown {
  /** Shuts down as a signal would, with the drain delay in any case. Settles when all is closed; the process is then free to end. */
  shutdown(): Promise<void>;
  /** Removes the signal handlers. */
  dispose(): void;
}

/** The same signal within this time is the same one: npm passes on a Ctrl-C that its child has already received. */
const ECHO_MS = 500;

/**
 * Ends a server without losing a request. On SIGTERM or SIGINT, readiness fails at once while traffic is still
 * served, and each connection gets one more answer. After `drainDelay` no connection is accepted and idle ones
 * are closed. When the last request is answered the cache is closed, `onSignal` runs, and the process ends
 * with code 0. What is still open when `timeout` is nearly up is destroyed first, so the clean-up always runs.
 *
 * The code is 1 when a request lost its answer, the clean-up failed or took longer than `timeout`, or a second
 * signal came. The same signal within half a second is one.
 *
 * @throws CacheHealthError `ERR_HEALTH_OPTION` for a wrong option.
 */
export function gracefulShutdown(
  server: Server,
  options?: GracefulShutdownOptions,
): GracefulShutdown {
  // Loaded by the call, so that an application that ends in another way does not load them.
  const { parseShutdownOptions } =
    require('./shutdown-options.js') as typeof import('./shutdown-options.js');
  const { Connections } = require('./connections.js') as typeof import('./connections.js');
  const { shutDown } = require('./shut-down.js') as typeof import('./shut-down.js');
  const config = parseShutdownOptions(server, options);
  const connections = new Connections(server, systemClock);
  connections.start();
  const closing: Closing = { server, connections, clock: systemClock };
  let running: Promise<number> | undefined;
  const begin = (call: ShutdownCall): Promise<number> => {
    running ??= shutDown(closing, config, call);
    return running;
  };
  return {
    shutdown: async () => {
      await begin({ isBySignal: false });
    },
    dispose: onSignals(config, () => begin({ isBySignal: true })),
  };
}

/**
 * Calls `begin` for the first signal and ends the process afterwards. Returns a function that removes the
 * handlers.
 */
function onSignals(config: ShutdownConfig, begin: () => Promise<number>): () => void {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const at = systemClock.now();
    if (first === undefined) {
      first = { signal, at };
      void endProcess(begin, config.timeoutMs);
    } else if (signal !== first.signal || at - first.at >= ECHO_MS) process.exit(1);
  };
  for (const signal of config.signals) process.on(signal, onSignal);
  return () => {
    for (const signal of config.signals) process.off(signal, onSignal);
  };
}

async function endProcess(begin: () => Promise<number>, timeoutMs: number): Promise<void> {
  const limit = systemClock.setTimer(() => process.exit(1), timeoutMs, { ref: true });
  let trouble: string | undefined;
  try {
    const lost = await begin();
    if (lost > 0)
      trouble = `the shutdown cut off ${lost} unanswered request${lost === 1 ? '' : 's'}`;
  } catch (error) {
    trouble = `the shutdown failed: ${errorText(error)}`;
  }
  limit.cancel();
  if (trouble === undefined) {
    process.exit(0);
    return;
  }
  process.emitWarning(trouble, 'ExpressCacheHealthWarning');
  // The warning is written in the next turn.
  systemClock.afterPoll(() => process.exit(1));
}
