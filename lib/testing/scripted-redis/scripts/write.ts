import * as S from '../../../entry/layout.js';
import { ErrorReply } from '../reply.js';
import { toNumber, whole } from './lua.js';
import {
  BatchTexts,
  positions,
  readTime,
  type ScriptBody,
  type ScriptRun,
  type ServerTime,
} from './script.js';
import { entryOf, graceOf, headOf, kindOf, rest, ttlOf, versionOf } from './slots.js';

const number = (text: string): number => toNumber(text) ?? Number.NaN;

/** One change of a batch. */
interface Item {
  readonly key: string;
  readonly limit: number;
  /** So far above the server's clock a version still counts. */
  readonly ahead: number;
  readonly text: string;
  readonly px: string;
}

/** Script WRITE. */
export const write: ScriptBody = (run) => {
  const now = readTime(run);
  if (now.ms > number(run.argv(2)) || now.ms < number(run.argv(3))) {
    return `${run.argv(1)}|late|${whole(now.micros)}`;
  }
  const texts = new BatchTexts(run.argv(6));
  const older = positions(run, (key, position) => {
    const item: Item = {
      key,
      ahead: number(run.argv(5)),
      limit: number(run.argv(position * 3 + 4)),
      text: texts.next(run.argv(position * 3 + 5)),
      px: run.argv(position * 3 + 6),
    };
    return item.text.length > S.SMALL_BYTES
      ? !compareAndSet(run, item, now)
      : !exchange(run, item, now);
  });
  return `${run.argv(1)}|${older}`;
};

function isNewer(slot: string, item: Item, now: ServerTime): boolean {
  const version = versionOf(entryOf(slot));
  return version > item.limit && version < now.micros + item.ahead;
}

/** Reads first. Returns whether it stored the text. */
function compareAndSet(run: ScriptRun, item: Item, now: ServerTime): boolean {
  const head = headOf(run, item.key);
  if (head !== undefined && isNewer(head, item, now)) return false;
  run.call('SET', item.key, item.text, 'PX', item.px);
  return true;
}

/** Stores first, and puts back a newer value. Returns whether its own stayed. */
function exchange(run: ScriptRun, item: Item, now: ServerTime): boolean {
  const old = run.attempt('SET', item.key, item.text, 'PX', item.px, 'GET');
  if (old instanceof ErrorReply) return compareAndSet(run, item, now);
  if (typeof old !== 'string' || isPlainlyOlder(old, item) || !isNewer(old, item, now)) return true;
  run.call('SET', item.key, old, 'PX', rest(lifeOf(entryOf(old), run, now)));
  return false;
}

/** Compares the texts of the versions alone, as the script does first. */
function isPlainlyOlder(old: string, { text }: Item): boolean {
  const versionIn = (entry: string): string =>
    entry.slice(S.VERSION_AT, S.VERSION_AT + S.VERSION_LENGTH);
  return old.startsWith(S.MARK) && versionIn(old) <= versionIn(text);
}

/** The remaining life of the value that is put back. */
function lifeOf(entry: string, run: ScriptRun, now: ServerTime): number {
  if (kindOf(entry) === S.KIND_TOMBSTONE) return number(run.argv(4));
  const life = versionOf(entry) / 1_000 + ttlOf(entry) - now.ms;
  return kindOf(entry) === S.KIND_GRACED ? life + graceOf(entry) : life;
}
