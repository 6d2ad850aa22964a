import { type Duration, parseDuration } from '../../core/time/duration.js';
import { invalid, parseOptions } from '../../core/validate.js';
import type { Target } from './learning/group-learner.js';

/** How fresh a group of keys is to be, and which lifetimes it may get. */
export interface FreshnessTarget {
  /** The share of reads that may get a value that is not the current one, such as 0.01. */
  readonly stale: number;
  /** No value of the group lives longer, whatever is learned. @default four times the ttl of the call */
  readonly maxTtl?: Duration | undefined;
}

/** Options of `freshness`. */
export interface FreshnessOptions {
  /**
   * The beginnings of keys, such as `['product:']`, whose hits are audited now and then: loaded again by the caller's
   * loader and compared. Only for loaders that change nothing. At most 100, those of `targets` included.
   * @default none
   */
  readonly observe?: readonly string[] | undefined;
  /**
   * The same for groups whose values get lifetimes that are learned, from a quarter to four times their `ttl`:
   * `{ 'product:': 0.01 }` lets 1 % of reads be stale.
   * @default none
   */
  readonly targets?: Readonly<Record<string, number | FreshnessTarget>> | undefined;
}

/** A group of keys. */
export interface GroupConfig {
  /** What its keys begin with. */
  readonly start: string;
  /** Absent: its lifetimes are the user's. */
  readonly target: Target | undefined;
}

/** The options, parsed. */
export interface FreshnessConfig {
  /** The longest beginning first, so that the most specific group is found first. */
  readonly groups: readonly GroupConfig[];
}

const MOST_GROUPS = 100;

/** A target outside of this is a mistake, or needs no cache. */
const TARGETS = [0.001, 0.2] as const;

const CODE = 'ERR_CACHE_OPTION';
const ADVICE = "Write freshness: { observe: ['product:'] }.";
const TARGET_ADVICE = "Write freshness: { targets: { 'product:': 0.01 } } for 1 %.";

/**
 * `undefined`: observing is off.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function parseFreshness(given: unknown): FreshnessConfig | undefined {
  if (given === undefined) return undefined;
  const subject = { name: 'freshness', code: CODE, advice: ADVICE } as const;
  const known = ['observe', 'targets'] as const;
  const { observe, targets } = parseOptions<FreshnessOptions>(subject, given, known);
  const groups = new Map<string, Target | undefined>();
  for (const start of parseObserve(observe)) groups.set(start, undefined);
  for (const [start, target] of parseTargets(targets)) groups.set(start, target);
  if (groups.size > MOST_GROUPS) {
    throw invalid({ ...subject, name: 'freshness' }, `at most ${MOST_GROUPS} groups`, groups.size);
  }
  if (groups.size === 0) return undefined;
  const list = [...groups].map(([start, target]) => Object.freeze({ start, target }));
  return Object.freeze({ groups: list.sort((a, b) => b.start.length - a.start.length) });
}

function parseObserve(given: unknown): readonly string[] {
  if (given === undefined) return [];
  const isList = Array.isArray(given) && given.length > 0 && given.length <= MOST_GROUPS;
  if (isList && given.every((start) => typeof start === 'string' && start !== '')) return given;
  const subject = { name: 'freshness.observe', code: CODE, advice: ADVICE } as const;
  throw invalid(subject, `1 to ${MOST_GROUPS} texts with which keys begin`, given);
}

function parseTargets(given: unknown): readonly (readonly [string, Target])[] {
  if (given === undefined) return [];
  const subject = { name: 'freshness.targets', code: CODE, advice: TARGET_ADVICE } as const;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid(subject, 'an object of targets by the beginnings of keys', given);
  }
  return Object.entries(given).map(([start, target]) => {
    if (start === '') throw invalid(subject, 'the beginning of keys before each target', start);
    return [start, parseTarget(`freshness.targets['${start}']`, target)] as const;
  });
}

function parseTarget(name: string, given: unknown): Target {
  const subject = { name, code: CODE, advice: TARGET_ADVICE } as const;
  const options =
    typeof given === 'number'
      ? { stale: given }
      : parseOptions<FreshnessTarget>(subject, given, ['stale', 'maxTtl']);
  const { stale, maxTtl } = options as FreshnessTarget;
  const [least, most] = TARGETS;
  if (!(typeof stale === 'number' && stale >= least && stale <= most)) {
    throw invalid(subject, `a share of reads from ${least} to ${most}`, stale);
  }
  const maxTtlMs =
    maxTtl === undefined
      ? Number.POSITIVE_INFINITY
      : parseDuration({ name: `${name}.maxTtl`, code: CODE }, maxTtl);
  return Object.freeze({ stale, maxTtlMs });
}
