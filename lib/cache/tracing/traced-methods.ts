import type { WriteResult } from '../../api/cache.js';
import type { Lookup } from '../../api/events.js';
import {
  LOOKUPS,
  type LookupMessage,
  traced,
  WRITES,
  type WriteMessage,
} from '../../core/diagnostics/channels.js';

/** A handle of a cache, as its traced methods see it. */
export interface Traceable {
  /** The option `name`. */
  readonly name: string;
  /** The same handle, whose lookups `onLookup` gets as well. */
  watched(onLookup: (lookup: Lookup) => void): object;
}

type Method = (this: object, ...args: unknown[]) => Promise<unknown>;

const READS: readonly LookupMessage['op'][] = ['get', 'getMany', 'getOrSet', 'getOrSetMany'];
const CHANGES: readonly WriteMessage['op'][] = [
  'set',
  'setMany',
  'delete',
  'deleteMany',
  'clear',
  'invalidateTags',
];

/**
 * Puts a check in front of each method of a prototype: if a tracer subscribes to the channel, the call is
 * published. Otherwise it costs the check.
 */
export function traceMethods(prototype: Traceable): void {
  const methods = prototype as unknown as Record<string, Method>;
  for (const op of READS) {
    const plain = methods[op] as Method;
    // biome-ignore lint/complexity/useMaxParams: `this` is no parameter, and a rest parameter costs an array
    define(prototype, op, function (this: Traceable, a, b, c) {
      if (!LOOKUPS.hasSubscribers) return plain.call(this, a, b, c);
      return read(this, { op, plain }, [a, b, c]);
    });
  }
  for (const op of CHANGES) {
    const plain = methods[op] as Method;
    // biome-ignore lint/complexity/useMaxParams: `this` is no parameter, and a rest parameter costs an array
    define(prototype, op, function (this: Traceable, a, b, c) {
      if (!WRITES.hasSubscribers) return plain.call(this, a, b, c);
      return change(this, { op, plain }, [a, b, c]);
    });
  }
}

function define(
  prototype: object,
  name: string,
  method: (this: Traceable, a: unknown, b: unknown, c: unknown) => unknown,
): void {
  const named = Object.defineProperty(method, 'name', { value: name });
  Object.defineProperty(prototype, name, { value: named, writable: true, configurable: true });
}

function read(
  cache: Traceable,
  { op, plain }: { readonly op: LookupMessage['op']; readonly plain: Method },
  args: readonly unknown[],
): Promise<unknown> {
  const message: LookupMessage = {
    ...{ cache: cache.name, op, ...subjectOf(args[0]) },
    ...{ hits: 0, stale: 0, misses: 0 },
  };
  const watched = cache.watched(({ outcome, tier }) => {
    if (outcome === 'hit') message.hits++;
    else if (outcome === 'stale') message.stale++;
    else message.misses++;
    if (tier !== undefined) message.tier = tier;
  });
  return traced(LOOKUPS, message, () => plain.apply(watched, [...args]));
}

function change(
  cache: Traceable,
  { op, plain }: { readonly op: WriteMessage['op']; readonly plain: Method },
  args: readonly unknown[],
): Promise<unknown> {
  // Patterns and tags are no keys.
  const subject = op === 'clear' || op === 'invalidateTags' ? { keys: 0 } : subjectOf(args[0]);
  const message: WriteMessage = { cache: cache.name, op, ...subject };
  return traced(WRITES, message, async () => {
    const result = await plain.apply(cache, [...args]);
    message.result = result as WriteResult;
    return result;
  });
}

/** Keys alone: the entries of `setMany` hold values. */
function subjectOf(given: unknown): { readonly keys: number; readonly key?: string } {
  if (typeof given === 'string') return { key: given, keys: 1 };
  if (!Array.isArray(given)) return { keys: 0 };
  const first: unknown = Array.isArray(given[0]) ? given[0][0] : given[0];
  return { keys: given.length, ...(typeof first === 'string' ? { key: first } : {}) };
}
