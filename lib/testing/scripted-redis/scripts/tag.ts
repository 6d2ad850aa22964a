import { TAG_VERSION_LENGTH } from '../../../entry/entry-tags.js';
import * as S from '../../../entry/layout.js';
import { MADE, REMADE } from '../../../redis/commands/lua/tags.js';
import { padded, toNumber, whole } from './lua.js';
import { readTime, type ScriptBody, type ScriptRun, type ServerTime } from './script.js';
import { entryOf, field, kindOf, versionOf } from './slots.js';

const LETTER_AT: number = S.PAYLOAD_AT + 1;

interface TagRecord {
  readonly head: string;
  readonly version: number;
  readonly letter: string;
  readonly tag: string;
}

/** Script TAG. */
export const tag: ScriptBody = (run) => {
  const now = readTime(run);
  return [run.argv(1), ...run.keys.map((key, index) => ensure(run, key, { now, index }))];
};

function ensure(
  run: ScriptRun,
  key: string,
  { now, index }: { readonly now: ServerTime; readonly index: number },
): string {
  const head = run.argv(index * 2 + 3);
  const found = run.attempt('GET', key);
  const slot = typeof found === 'string' ? entryOf(found) : '';
  const known = recordIn(slot, head);
  if (known === undefined) {
    const letter = kindOf(slot) === S.KIND_TOMBSTONE ? REMADE : MADE;
    const version = versionAfter(slot, now);
    return put(run, key, { head, version, letter, tag: run.argv(index * 2 + 4) });
  }
  const left = run.call('PTTL', key) as number;
  return left < lifeOf(run) / 2 ? put(run, key, known) : replyOf(known, left);
}

function recordIn(slot: string, head: string): TagRecord | undefined {
  const isRecord =
    field(slot, 0, S.VERSION_AT) === head + S.KIND_VALUE &&
    slot.length === LETTER_AT + 1 + TAG_VERSION_LENGTH;
  if (!isRecord) return undefined;
  const letter = field(slot, LETTER_AT, 1);
  const tag = field(slot, LETTER_AT + 1, TAG_VERSION_LENGTH);
  return { head, version: versionOf(slot), letter, tag };
}

function versionAfter(slot: string, now: ServerTime): number {
  const version = versionOf(slot);
  const isAhead = version >= now.micros && version < now.micros + S.ANOMALY_MICROS;
  return isAhead ? version + 1 : now.micros;
}

function put(run: ScriptRun, key: string, record: TagRecord): string {
  const { head, version, letter, tag } = record;
  const times = version.toString(16).padStart(S.VERSION_LENGTH, '0');
  const ttlMs = Math.max(0, Math.floor(readTime(run).ms - version / 1_000) + lifeOf(run));
  const ttl = ttlMs.toString(36).padStart(S.TTL_LENGTH, '0');
  run.call('SET', key, `${head}${S.KIND_VALUE}${times}${ttl}r${letter}${tag}`, 'PX', run.argv(2));
  return replyOf(record, lifeOf(run));
}

function replyOf({ letter, tag, version }: TagRecord, leftMs: number): string {
  return `${letter}${tag}${padded(version, 16)}${whole(leftMs)}`;
}

function lifeOf(run: ScriptRun): number {
  return toNumber(run.argv(2)) ?? Number.NaN;
}
