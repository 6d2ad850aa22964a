import { AsyncResource } from 'node:async_hooks';

/**
 * The package's own asynchronous context. Work that belongs to no caller runs in it: connections, probes,
 * heartbeats, replays, and listeners of `modechange`. Otherwise it would keep the request alive that noticed a
 * fault first, and would appear in that request's traces.
 */
const BACKGROUND = new AsyncResource('express-cache-health');

type Around = <T>(task: () => T) => T;

let around: Around | undefined;

export function inBackground<T>(task: () => T): T {
  const within = around;
  return BACKGROUND.runInAsyncScope(within === undefined ? task : () => within(task));
}

/** From now on background work runs within `run` as well: for a tracer that must not see it. */
export function surroundBackground(run: Around): void {
  around = run;
}
