import { randomText } from '../../core/random.js';
import { payloadOffset, versionOf } from '../../entry/entry.js';
import { TAG_VERSION_LENGTH, type TagFacts } from '../../entry/entry-tags.js';
import type { NewValue } from '../store.js';

const REMADE = 'r';

/** A record in memory ends when memory is short of room, not by time. */
const FOREVER_MS = 36 ** 8 - 1;

/** What a record says. The text of another release may say nothing. */
export function factsOf(entry: string): TagFacts | undefined {
  const at = payloadOffset(entry) + 2;
  const version = entry.slice(at);
  if (version.length !== TAG_VERSION_LENGTH) return undefined;
  return { version, madeAt: versionOf(entry), wasRemoved: entry.charAt(at - 1) === REMADE };
}

/** A record for memory alone. Without a version it gets a fresh one. */
export function newRecord(known?: TagFacts): {
  readonly version: string;
  readonly value: NewValue;
} {
  const version = known?.version ?? randomText(TAG_VERSION_LENGTH);
  const payload = `r${known?.wasRemoved === true ? REMADE : 'm'}${version}`;
  return { version, value: { payload, ttlMs: FOREVER_MS, graceMs: 0, loadMs: 0 } };
}
