import type { WarmLoader } from '../../api/loading.js';
import { invalid, parseFunction, parseOptions } from '../../core/validate.js';

/** Options of `warm`. */
export interface WarmOptions {
  /**
   * Loaders by the beginning of the keys that they make. Without them, warming runs no loader.
   * @default none
   */
  readonly loaders?: Readonly<Record<string, WarmLoader>> | undefined;
  /** A file that keeps the list of hot keys as well, for a start while Redis is away. @default none */
  readonly file?: string | undefined;
}

/** The options, parsed. */
export interface WarmConfig {
  /** The most keys on the list. */
  readonly maxKeys: number;
  /** The longest beginning first, so that the most specific loader is found first. */
  readonly loaders: readonly (readonly [start: string, loader: WarmLoader])[];
  readonly file: string | undefined;
}

/** The most keys on a list: beyond that, more keys avoid few misses. */
const MOST_KEYS = 500;

const WARM = { name: 'warm', code: 'ERR_CACHE_OPTION' } as const;
const LOADERS = { name: 'warm.loaders', code: 'ERR_CACHE_OPTION' } as const;
const FILE = { name: 'warm.file', code: 'ERR_CACHE_OPTION' } as const;

/**
 * `memory`: the limits of the memory tier, which warming fills; `false` if the user wants none; absent if the whole
 * cache is off. Returns `undefined` if warming is off.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function parseWarm(
  given: unknown,
  memory: { readonly max: number } | false | undefined,
): WarmConfig | undefined {
  if (given === undefined || given === false) return undefined;
  const isOptions = given === true || (typeof given === 'object' && given !== null);
  if (!isOptions) throw invalid(WARM, 'true, false or an object of options', given);
  const known = ['loaders', 'file'] as const;
  const { loaders, file } = parseOptions<WarmOptions>(WARM, given === true ? {} : given, known);
  const config = { loaders: parseLoaders(loaders), file: parseFile(file) };
  if (memory === false) {
    const advice = 'Warming fills the memory tier: leave out memory: false, or leave out warm.';
    throw invalid({ ...WARM, advice }, 'false or nothing with memory: false', given);
  }
  return memory && Object.freeze({ ...config, maxKeys: Math.min(MOST_KEYS, memory.max) });
}

function parseLoaders(given: unknown): WarmConfig['loaders'] {
  if (given === undefined) return [];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const advice = "Write loaders: { 'product:': (id) => loadProduct(id) }.";
    throw invalid({ ...LOADERS, advice }, 'an object of loaders', given);
  }
  const loaders = Object.entries(given).map(([start, loader]) => {
    const name = `warm.loaders['${start}']`;
    if (start === '') {
      const advice = "Name the keys that the loader can make, such as 'product:'.";
      throw invalid({ ...LOADERS, advice }, 'the beginning of keys before each loader', start);
    }
    return [start, parseFunction<WarmLoader>({ ...LOADERS, name }, loader)] as const;
  });
  return loaders.sort(([a], [b]) => b.length - a.length);
}

function parseFile(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'string' && given !== '' && !given.includes('\0')) return given;
  throw invalid({ ...FILE, advice: "For example '/var/lib/shop/hot-keys.json'." }, 'a path', given);
}
