import { AsyncResource } from 'node:async_hooks';

/**
 * The package's own asynchronous context. Work that belongs to no caller runs in it: connections, probes,
 * heartbeats, replays, and listeners of `modechange`. Otherwise it would keep the request alive that noticed a
 * fault first, and would appear in that request's traces.
 */
const BACKGROUND = new AsyncResource('express-cache-health');

export function inBackground<T>(task: () => T): T {
  return BACKGROUND.runInAsyncScope(task);
}
