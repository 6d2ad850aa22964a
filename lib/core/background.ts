import { AsyncResource } from 'node:async_hooks';

/**
 * The package's own asynchronous context. Work that belongs to no caller runs in it: connections, probes,
 * heartbeats, replays, and listeners of `modechange`. It would otherwise keep the request alive that
 * happened to notice a fault, and appear in that request's traces.
 */
const BACKGROUND = new AsyncResource('express-cache-health');

export function inBackground<T>(task: () => T): T {
  return BACKGROUND.runInAsyncScope(task);
}
