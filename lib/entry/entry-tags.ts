import { RESERVED } from './layout.js';

/** A tag of an entry, and the version that the tag had when the entry was made. */
export interface TagVersion {
  readonly tag: string;
  readonly version: string;
}

/** What the record of a tag says. */
export interface TagFacts {
  readonly version: string;
  /** The server's time (micros) of its making. */
  readonly madeAt: number;
  /** It was made soon after an earlier one had been removed. */
  readonly wasRemoved: boolean;
}

export interface TagRecord extends TagFacts {
  /** How long it lives in Redis, unless it is evicted. */
  readonly leftMs: number;
}

const RECORDS = `${RESERVED}tag:`;

/** The key of a tag's record. No key of a user can be the same. */
export function tagKey(tag: string): string {
  return RECORDS + tag;
}

/** The tag whose record has this key. */
export function tagOfKey(key: string): string | undefined {
  return key.startsWith(RECORDS) ? key.slice(RECORDS.length) : undefined;
}

/**
 * The tags of an entry stand before its payload. No encoded value begins with this character, so a release that
 * does not know tags cannot decode the entry, and takes it for a miss.
 *
 *     '#' length(4) { version(10) length(2) tag } …
 *
 * The first length is that of the whole list, the second that of one tag: characters in base 36.
 */
const TAGS_MARK = '#';
const LENGTH_WIDTH = 4;
const LIST_AT = 1 + LENGTH_WIDTH;
const NAME_LENGTH_WIDTH = 2;

/** The characters in the version of a tag. */
export const TAG_VERSION_LENGTH = 10;

const MARK_CODE = TAGS_MARK.charCodeAt(0);

/** A payload behind its tags. */
export function withTags(payload: string, tags: readonly TagVersion[]): string {
  let list = '';
  for (const { tag, version } of tags)
    list += version + base36(tag.length, NAME_LENGTH_WIDTH) + tag;
  return TAGS_MARK + base36(list.length, LENGTH_WIDTH) + list + payload;
}

/** Whether tags begin at `offset`. */
export function hasTagsAt(text: string, offset: number): boolean {
  return text.charCodeAt(offset) === MARK_CODE;
}

/** Where the payload behind the tags at `offset` begins. */
export function endOfTags(text: string, offset: number): number {
  return offset + LIST_AT + Number.parseInt(text.slice(offset + 1, offset + LIST_AT), 36);
}

/** The tags at `offset`; `undefined` if they are damaged. */
export function tagsAt(text: string, offset: number): readonly TagVersion[] | undefined {
  const end = endOfTags(text, offset);
  if (!(end <= text.length)) return undefined;
  const tags: TagVersion[] = [];
  let at = offset + LIST_AT;
  while (at < end) {
    const nameAt = at + TAG_VERSION_LENGTH + NAME_LENGTH_WIDTH;
    const length = Number.parseInt(text.slice(nameAt - NAME_LENGTH_WIDTH, nameAt), 36);
    if (!(length > 0)) return undefined;
    const version = text.slice(at, at + TAG_VERSION_LENGTH);
    tags.push({ tag: text.slice(nameAt, nameAt + length), version });
    at = nameAt + length;
  }
  return at === end ? tags : undefined;
}

function base36(value: number, width: number): string {
  return value.toString(36).padStart(width, '0');
}
