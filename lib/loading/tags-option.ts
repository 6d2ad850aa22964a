import { CacheHealthError } from '../core/errors.js';
import { invalid, type Subject } from '../core/validate.js';
import { RESERVED } from '../entry/layout.js';

/** The most characters in a tag, and the most tags of one entry. */
const MAX_LENGTH = 256;
const MAX_TAGS = 64;

export const NO_TAGS: readonly string[] = [];

const LIST = "Write an array, such as ['products', 'category:5'].";
const FEWER =
  'Use a tag for a group, such as the category, instead of one for each of its members.';

/**
 * The tags in an option or an argument, each once.
 *
 * @throws CacheHealthError `ERR_CACHE_TAG`.
 */
export function parseTags(name: string, given: unknown, max: number = MAX_TAGS): readonly string[] {
  const subject: Subject = { name, code: 'ERR_CACHE_TAG', advice: LIST };
  if (!Array.isArray(given) && !(given instanceof Set)) {
    throw invalid(subject, 'an array of tags', given);
  }
  const tags = [...new Set<unknown>(given)];
  for (const tag of tags) checkTag(name, tag);
  return checkCount(name, tags as string[], max);
}

/** Refuses too many tags. */
export function checkCount(
  name: string,
  tags: readonly string[],
  max: number = MAX_TAGS,
): readonly string[] {
  if (tags.length <= max) return tags;
  const message = `${name} must be at most ${max} tags, got ${tags.length}. ${FEWER}`;
  throw new CacheHealthError('ERR_CACHE_TAG', message);
}

function checkTag(name: string, tag: unknown): void {
  const subject: Subject = { name: `a tag in ${name}`, code: 'ERR_CACHE_TAG' };
  const isText = typeof tag === 'string' && tag !== '' && tag.length <= MAX_LENGTH;
  if (!isText || !tag.isWellFormed()) {
    throw invalid(subject, `well-formed text of 1 to ${MAX_LENGTH} characters`, tag);
  }
  if (tag.includes(RESERVED)) {
    const advice = "That name is kept for the cache's own records.";
    throw invalid({ ...subject, advice }, `a text without '${RESERVED}'`, tag);
  }
}
