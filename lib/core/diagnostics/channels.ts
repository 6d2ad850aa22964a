import {
  type Channel,
  channel,
  type TracingChannel,
  tracingChannel,
} from 'node:diagnostics_channel';

/** A message of a channel that has a beginning and an end. It never holds a value. */
export interface TracedMessage {
  /** The option `name` of the cache. */
  readonly cache: string;
  /** The key, or the first of several; absent for a pattern. */
  readonly key?: string;
  /** How many keys. */
  readonly keys: number;
  /** Why the call rejected. */
  error?: unknown;
  /** A subscriber of `start` may set this, to run the work in a context of its own. It must call the task once. */
  runIn?: (<T>(task: () => T) => T) | undefined;
}

/** A read that a caller asked for. */
export interface LookupMessage extends TracedMessage {
  readonly op: 'get' | 'getMany' | 'getOrSet' | 'getOrSetMany';
  /** How the keys were answered, at the end. */
  hits: number;
  stale: number;
  misses: number;
  /** The tier that answered last; absent if none did. */
  tier?: 'near' | 'redis' | 'memory';
}

/** A change that a caller made. */
export interface WriteMessage extends TracedMessage {
  readonly op: 'set' | 'setMany' | 'delete' | 'deleteMany' | 'clear' | 'invalidateTags';
  result?: 'applied' | 'deferred';
}

/** A run of a loader, in the context of the caller that began it. */
export interface LoadMessage extends TracedMessage {
  outcome?: string;
}

/** A caller waits for loads that other callers began. */
export interface WaitMessage extends TracedMessage {
  /** The messages of those loads, at the end; none of those that another process runs. */
  loads: readonly LoadMessage[];
}

const NAME = 'express-cache-health';

export const LOOKUPS: TracingChannel<object> = tracingChannel(`${NAME}:lookup`);
export const WRITES: TracingChannel<object> = tracingChannel(`${NAME}:write`);
export const LOADS: TracingChannel<object> = tracingChannel(`${NAME}:load`);
export const WAITS: TracingChannel<object> = tracingChannel(`${NAME}:wait`);
/** The mode of a cache changed: `{ cache, from, to, reason, durationMs }`. */
export const MODES: Channel = channel(`${NAME}:mode`);
/** An attempt to connect to Redis has ended: `{ cache, isOk }`. */
export const ATTEMPTS: Channel = channel(`${NAME}:attempt`);

/**
 * Publishes the beginning and the end of a task, as `tracePromise` does, but never what it returns: that would
 * show values to every tracer.
 */
export async function traced<T>(
  on: TracingChannel<object>,
  message: TracedMessage,
  task: () => Promise<T>,
): Promise<T> {
  const running = on.start.runStores(message, () => {
    return message.runIn === undefined ? task() : message.runIn(task);
  });
  on.end.publish(message);
  try {
    return await running;
  } catch (error) {
    message.error = error;
    on.error.publish(message);
    throw error;
  } finally {
    on.asyncStart.publish(message);
    on.asyncEnd.publish(message);
  }
}
