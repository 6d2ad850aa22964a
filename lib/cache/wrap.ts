import type { Cache } from '../api/cache.js';
import type { LoadOptions, WrapOptions } from '../api/loading.js';
import { parseFunction, parseOptions } from '../core/validate.js';
import { LOAD_OPTIONS, type LoadConfig, parseLoadOptions } from '../loading/loading-options.js';
import { LIFETIME_HINTS } from '../loading/option-hints.js';
import { parseTags } from '../loading/tags-option.js';

const FUNCTION = { name: 'the function given to wrap()', code: 'ERR_CACHE_LOADER' } as const;
const KEY = { name: 'the key given to wrap()', code: 'ERR_CACHE_OPTION' } as const;
const KEYED = "{ key: (id) => 'product:' + id }";
const ADVICE = `Write ${KEYED}.`;
const OPTIONS = {
  name: 'the options argument',
  code: 'ERR_CACHE_OPTION',
  advice: ADVICE,
  hints: LIFETIME_HINTS,
} as const;
const KNOWN = ['key', ...LOAD_OPTIONS.filter((name) => name !== 'signal')] as const;

/** Puts a cache in front of a function. Checks the arguments at once. */
export function wrapFunction<This, Args extends unknown[], Value>(
  { cache, load }: { readonly cache: Pick<Cache, 'getOrSet'>; readonly load: LoadConfig },
  fn: (this: This, ...args: Args) => Value,
  given: WrapOptions<Args>,
): (this: This, ...args: Args) => Promise<Awaited<Value>> {
  parseFunction(FUNCTION, fn, `Write cache.wrap(findProduct, ${KEYED}).`);
  const { key, tags, ...options } = parseOptions<WrapOptions<Args>>(OPTIONS, given, KNOWN);
  parseFunction(KEY, key, ADVICE);
  const tagsOf = typeof tags === 'function' ? tags : undefined;
  const fixed: LoadOptions =
    tags === undefined || tagsOf !== undefined
      ? options
      : { ...options, tags: parseTags('tags', tags) };
  parseLoadOptions(load, fixed);
  const usual: LoadOptions | undefined = Object.keys(fixed).length > 0 ? fixed : undefined;
  async function cached(this: This, ...args: Args): Promise<Awaited<Value>> {
    return cache.getOrSet(
      key(...args),
      () => fn.apply(this, args) as Promise<Awaited<Value>>,
      tagsOf === undefined ? usual : { ...usual, tags: tagsOf(...args) },
    );
  }
  return Object.defineProperty(cached, 'name', { value: fn.name });
}
