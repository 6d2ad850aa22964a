import { invalid, parseOptions } from '../../core/validate.js';

/** Options of `freshness`. */
export interface FreshnessOptions {
  /**
   * The beginnings of keys, such as `['product:']`, whose hits are audited now and then: loaded again by the caller's
   * loader and compared. Only for loaders that change nothing. At most 100.
   * @default none
   */
  readonly observe?: readonly string[] | undefined;
}

/** The options, parsed. */
export interface FreshnessConfig {
  /** The longest first, so that the most specific group is found first. */
  readonly groups: readonly string[];
}

const MOST_GROUPS = 100;
const FRESHNESS = { name: 'freshness', code: 'ERR_CACHE_OPTION' } as const;
const OBSERVE = { name: 'freshness.observe', code: 'ERR_CACHE_OPTION' } as const;
const ADVICE = "Write freshness: { observe: ['product:'] }.";

/**
 * `undefined`: observing is off.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function parseFreshness(given: unknown): FreshnessConfig | undefined {
  if (given === undefined) return undefined;
  const subject = { ...FRESHNESS, advice: ADVICE };
  const { observe } = parseOptions<FreshnessOptions>(subject, given, ['observe']);
  if (observe === undefined) return undefined;
  const isList = Array.isArray(observe) && observe.length > 0 && observe.length <= MOST_GROUPS;
  if (!isList || !observe.every((start) => typeof start === 'string' && start !== '')) {
    const expected = `1 to ${MOST_GROUPS} texts with which keys begin`;
    throw invalid({ ...OBSERVE, advice: ADVICE }, expected, observe);
  }
  const groups = [...new Set(observe)].sort((a, b) => b.length - a.length);
  return Object.freeze({ groups });
}
