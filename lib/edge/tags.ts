import { createHash } from 'node:crypto';
import type { TagField } from './edge.js';

/** Each answer has this tag, so one purge removes all. */
export const ALL_TAG = 'all';

/** What every edge takes: some ignore case, some do not, so there is no upper case. */
const PLAIN = /^[a-z0-9._~-]{1,32}$/;

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const HASH_LENGTH = 20;

/**
 * The tag of a cache key: lower case, with `-` for `:` and `/`. A key that has other characters, or more than 32, gets a
 * hash of 100 bits. Two keys may share a tag; then a change of one purges the answers of both.
 */
export function tagOfKey(key: string): string {
  const plain = key.toLowerCase().replace(/[:/]/g, '-');
  return PLAIN.test(plain) && plain !== ALL_TAG && !plain.endsWith(PARENT_MARK)
    ? plain
    : `h-${hash(key)}`;
}

/**
 * The tag that an answer has in place of the tags of many keys of a kind, such as `product~` for `product:1`.
 * `undefined`: the key names no kind.
 */
export function parentTagOfKey(key: string): string | undefined {
  const end = key.indexOf(':');
  if (end <= 0 || key.startsWith(HTTP)) return undefined;
  const plain = key.slice(0, end).toLowerCase();
  const tag = `${plain}${PARENT_MARK}`;
  return PLAIN.test(tag) ? tag : `h-${hash(tag)}`;
}

/** What a change of this key purges. */
export function purgedTags(key: string): readonly string[] {
  const parent = parentTagOfKey(key);
  return parent === undefined ? [tagOfKey(key)] : [tagOfKey(key), parent];
}

export interface TagList {
  /** The value of the field; `undefined`: the tags do not fit, so the edge may not store the answer. */
  readonly text: string | undefined;
  /** Tags of keys were replaced by those of their kinds. */
  readonly isCoarse: boolean;
}

/**
 * The tags of an answer that was made of these keys. If they do not fit into the field, the kinds with the most keys are
 * named in place of their keys.
 */
export function tagList(keys: Iterable<string>, field: TagField): TagList {
  const tags = new Map<string, string | undefined>([[ALL_TAG, undefined]]);
  for (const key of keys) tags.set(tagOfKey(key), parentTagOfKey(key));
  const kinds = kindsBySize(tags);
  for (;;) {
    const text = [...tags.keys()].join(field.separator);
    if (Buffer.byteLength(text) <= field.maxBytes && tags.size <= field.maxTags)
      return { text, isCoarse: kinds.taken > 0 };
    const kind = kinds.next();
    if (kind === undefined) return { text: undefined, isCoarse: false };
    for (const [tag, parent] of tags) if (parent === kind) tags.delete(tag);
    tags.set(kind, undefined);
  }
}

function kindsBySize(tags: ReadonlyMap<string, string | undefined>): {
  readonly taken: number;
  next(): string | undefined;
} {
  const sizes = new Map<string, number>();
  for (const parent of tags.values())
    if (parent !== undefined) sizes.set(parent, (sizes.get(parent) ?? 0) + 1);
  const kinds = [...sizes].sort(([, a], [, b]) => b - a).map(([kind]) => kind);
  let taken = 0;
  return {
    get taken() {
      return taken;
    },
    next() {
      return taken < kinds.length ? kinds[taken++] : undefined;
    },
  };
}

/** No tag of a key ends with it. */
const PARENT_MARK = '~';

/** Keys of stored answers begin with this. Each names an address of its own. */
const HTTP = 'http:';

function hash(text: string): string {
  const bytes = createHash('sha256').update(text, 'utf16le').digest();
  let letters = '';
  let [bits, value] = [0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5 && letters.length < HASH_LENGTH) {
      bits -= 5;
      letters += BASE32[(value >> bits) & 31];
    }
  }
  return letters;
}
