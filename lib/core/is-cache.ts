/**
 * A cache carries this mark. It is registered for the whole process, so it also tells a cache that comes from
 * another copy of the package.
 */
export const CACHE_MARK: unique symbol = Symbol.for('express-cache-health.cache');

/**
 * A method of a cache: asks Redis, if it has not answered for half a second. Resolves when the status tells what came
 * of it; `undefined`: the status tells it already.
 */
export const CACHE_LOOK: unique symbol = Symbol.for('express-cache-health.look');

/** The methods of `Cache`. A test compares them with lib/api/cache.ts. */
export const CACHE_METHODS = [
  'get',
  'getOrSet',
  'getOrSetMany',
  'wrap',
  'set',
  'delete',
  'deleteMany',
  'clear',
  'invalidateTags',
  'namespace',
  'send',
  'has',
  'getMany',
  'setMany',
  'status',
  'metrics',
  'on',
  'close',
] as const;

/**
 * Whether `value` is a cache: it carries the mark, or it has every method of `Cache`, as an object does that
 * wraps one. Name the type: `isCache<Cache>(value)`. This folder cannot know it.
 */
export function isCache<Handle extends object>(value: unknown): value is Handle {
  return isObject(value) && (isMarked(value) || hasMethods(value, CACHE_METHODS));
}

/**
 * The cache in what a user gave for one: the object itself if it has the `methods` that are needed, else its
 * `cache`, which is how the middleware shows its own.
 */
export function cacheIn<Needed extends object>(
  given: unknown,
  methods: readonly (keyof Needed & string)[],
): Needed | undefined {
  if (!isObject(given)) return undefined;
  if (hasMethods(given, methods)) return given as Needed;
  const inner = read(given, 'cache');
  return isObject(inner) && hasMethods(inner, methods) ? (inner as Needed) : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

function isMarked(value: object): boolean {
  return read(value, CACHE_MARK) === true;
}

function hasMethods(value: object, methods: readonly string[]): boolean {
  return methods.every((name) => typeof read(value, name) === 'function');
}

/** What a getter or a proxy refuses to show is not there. */
function read(value: object, name: string | symbol): unknown {
  try {
    return (value as Record<string | symbol, unknown>)[name];
  } catch {
    return undefined;
  }
}
