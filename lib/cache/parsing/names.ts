import { invalid, type Subject } from '../../core/validate.js';
import { RESERVED } from '../../entry/layout.js';
import { DEFAULTS } from '../options.js';

const NAME: Subject = { name: 'name', code: 'ERR_CACHE_OPTION' };
const PREFIX: Subject = { name: 'prefix', code: 'ERR_CACHE_OPTION' };

/** It becomes a label of metrics and a tag, where other characters separate. */
export function parseName(given: unknown): string {
  const name = given === undefined ? DEFAULTS.name : given;
  if (typeof name === 'string' && /^[\w.:-]{1,64}$/.test(name)) return name;
  const advice = "For example name: 'sessions'.";
  throw invalid({ ...NAME, advice }, '1 to 64 letters, digits, _ . : and -', given);
}

export function parsePrefix(given: unknown, isCluster: boolean): string {
  const prefix = given === undefined ? DEFAULTS.prefix : given;
  const isText = typeof prefix === 'string' && prefix !== '' && prefix.isWellFormed();
  if (!isText || prefix.length > 256) {
    const advice = 'It keeps this cache apart from everything else in the same Redis.';
    throw invalid({ ...PREFIX, advice }, 'a text of 1 to 256 characters', given);
  }
  if (prefix.includes(RESERVED)) {
    const advice = "That name is kept for the caches' own records.";
    throw invalid({ ...PREFIX, advice }, `a text without '${RESERVED}'`, given);
  }
  if (isCluster && prefix.includes('{')) {
    const advice = 'In a cluster it begins a hash tag, which would put every key into one slot.';
    throw invalid({ ...PREFIX, advice }, "a text without '{'", given);
  }
  return prefix;
}
