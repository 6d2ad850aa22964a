import type { CacheEvents } from '../api/events.js';
import type { NamespaceOptions } from '../api/loading.js';
import type { Emitter, Unsubscribe } from '../core/emitter.js';
import { CacheHealthError } from '../core/errors.js';
import { describe, invalid, parseOptions } from '../core/validate.js';
import { depthOf } from '../entry/key-pattern.js';
import { RESERVED } from '../entry/layout.js';
import { allTags } from '../loading/loading-options.js';
import { parseTags } from '../loading/tags-option.js';
import { Arguments } from './arguments/arguments.js';
import type { CacheParts } from './cache-parts.js';
import { parseTtl } from './parse-options.js';

/** The most characters in a name, and in those of namespaces in each other. They are a tag of each value. */
const MAX_LENGTH = 256;
const MAX_SCOPE = 1_024;

/** How many namespaces may stand in each other. */
const MAX_DEPTH = 8;

const NAME = {
  name: 'the name of the namespace',
  code: 'ERR_CACHE_KEY',
  advice: "Use what identifies the tenant, such as 'tenant:acme'.",
} as const;
const OPTIONS = { name: 'the options of namespace()', code: 'ERR_CACHE_OPTION' } as const;

/**
 * The parts of a namespace: those of its cache, with other arguments and lifetimes.
 *
 * The complete keys of a namespace begin with its name and `__ech:`, which no key, name or tag of a user contains.
 * So keys of two namespaces, or of a namespace and its cache, are never the same. That text is a tag, too, which all of
 * its values have: to clear the namespace is to invalidate it.
 */
export function namespaceParts(
  parts: CacheParts,
  name: string,
  options: NamespaceOptions | undefined,
): CacheParts {
  const { ttl, tags = [] } = parseOptions<NamespaceOptions>(OPTIONS, options, ['ttl', 'tags']);
  const { load } = parts.config;
  const scope = load.scope + checkedName(name, parts.args) + RESERVED;
  if (depthOf(scope) > MAX_DEPTH) throw tooDeep(name);
  if (scope.length > MAX_SCOPE) throw tooLong(name);
  parts.args.noteTtl(ttl);
  const own = allTags(load, parseTags('tags', tags));
  const config = {
    ...parts.args.config,
    load: {
      ...load,
      ttlMs: ttl === undefined ? load.ttlMs : parseTtl(ttl),
      scope,
      tags: [...own, scope],
    },
  };
  const args = new Arguments(config, () => parts.store.timeOf(''));
  return { ...parts, config, args, close: () => {} };
}

/** Passes on the events that concern a namespace, with its own keys. */
export function listenWithin<Name extends keyof CacheEvents>(
  { events, args }: { readonly events: Emitter<CacheEvents>; readonly args: Arguments },
  name: Name,
  listener: (event: CacheEvents[Name]) => unknown,
): Unsubscribe {
  if (!args.isNamespace) return events.on(name, listener);
  return events.on(name, (event) => {
    if (!('key' in event)) return listener(event);
    return args.isOwn(event.key) ? listener({ ...event, key: args.ownKey(event.key) }) : undefined;
  });
}

function checkedName(name: unknown, args: Arguments): string {
  if (typeof name !== 'string' || name === '' || name.length > MAX_LENGTH) {
    throw invalid(NAME, `a text of 1 to ${MAX_LENGTH} characters`, name);
  }
  if (!name.isWellFormed() || name.includes(RESERVED)) {
    throw invalid(NAME, `well-formed text without '${RESERVED}'`, name);
  }
  args.checkKey(name);
  args.noteKey(name);
  return name;
}

function tooDeep(name: string): CacheHealthError {
  const text = `the namespace ${describe(name)} is inside of ${MAX_DEPTH} others, which is the most. Join their names into one.`;
  return new CacheHealthError('ERR_CACHE_KEY', text);
}

function tooLong(name: string): CacheHealthError {
  const text = `the name of the namespace ${describe(name)} and of those around it have more than ${MAX_SCOPE} characters together. Shorten them, or hash what is long.`;
  return new CacheHealthError('ERR_CACHE_KEY', text);
}
