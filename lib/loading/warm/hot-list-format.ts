/** How long a list may be used after it was written. */
export const LIST_LIFE_MS: number = 24 * 3_600_000;

/** The longest text of a list, in bytes. */
export const LIST_BYTES: number = 256 * 1_024;

const FORMAT = 1;

/** Keys and their decayed counts, hottest first. Names only: it holds no values. */
export interface HotList {
  /** When it was written, milliseconds since 1970. */
  readonly at: number;
  readonly keys: readonly (readonly [key: string, count: number])[];
}

/** What a reader accepts. */
export interface ListRules {
  readonly nowMs: number;
  readonly maxKeys: number;
  /** Whether a text may be a key of this cache. */
  readonly isKey: (text: unknown) => boolean;
}

/** The text of a list. Leaves the coldest keys out if it would be too long. */
export function formatHotList({ at, keys }: HotList): string {
  const head = `{"format":${FORMAT},"at":${at},"keys":[`;
  let bytes = head.length + 2;
  const parts: string[] = [];
  for (const [key, count] of keys) {
    const part = JSON.stringify([key, Math.round(count * 100) / 100]);
    bytes += Buffer.byteLength(part) + 1;
    if (bytes > LIST_BYTES) break;
    parts.push(part);
  }
  return `${head}${parts.join(',')}]}`;
}

/**
 * Reads a list that anything may have written. Returns the list, without what is no key, or in one phrase why it is
 * refused as a whole.
 */
export function parseHotList(text: string, rules: ListRules): HotList | string {
  if (Buffer.byteLength(text) > LIST_BYTES) return `it is longer than ${LIST_BYTES} bytes`;
  const found = parsed(text);
  if (found?.format !== FORMAT || !Array.isArray(found.keys)) return 'it is no list of hot keys';
  const { at } = found;
  if (typeof at !== 'number' || !(Math.abs(rules.nowMs - at) <= LIST_LIFE_MS))
    return 'it was not written within the last 24 hours';
  return { at, keys: keysOf(found.keys, rules) };
}

function keysOf(given: readonly unknown[], { maxKeys, isKey }: ListRules): HotList['keys'] {
  const keys = new Map<string, number>();
  for (const pair of given) {
    if (keys.size >= maxKeys) break;
    if (!Array.isArray(pair) || pair.length !== 2) continue;
    const [key, count] = pair;
    const isCount = typeof count === 'number' && count > 0 && count < 1e9;
    if (isCount && isKey(key)) keys.set(key, count);
  }
  return [...keys];
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
