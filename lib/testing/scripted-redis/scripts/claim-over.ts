import * as S from '../../../entry/layout.js';
import { padded, toNumber, whole } from './lua.js';
import { readTime, type ScriptBody, type ScriptRun, type ServerTime } from './script.js';
import {
  entryOf,
  field,
  isLeased,
  kindOf,
  rest,
  tokenOf,
  ttlOf,
  untilOf,
  versionOf,
} from './slots.js';

/** A claim that hands out no token may hold this long. */
const LONGEST_HOLD_MS = 60_000;

/** The content of a key, parsed. */
interface Parts {
  readonly token: string;
  readonly untilMs: number;
  /** The text behind the lease; '' if it is no entry of ours. */
  readonly slot: string;
  readonly version: number;
}

/** Script CLAIM_OVER. */
export const claimOver: ScriptBody = (run) => {
  const now = readTime(run);
  const head = `${run.argv(1)}|${whole(now.micros)}`;
  return [head, ...run.keys.map((key, index) => claimOne(run, key, { now, index }))];
};

interface Place {
  readonly now: ServerTime;
  readonly index: number;
}

function claimOne(run: ScriptRun, key: string, { now, index }: Place): string {
  const parts = partsOf(run, key);
  const { slot, version, token, untilMs } = parts;
  const isValue = [S.KIND_VALUE, S.KIND_GRACED].includes(kindOf(slot));
  const isExpected = field(slot, 0, S.KIND_AT) === run.argv(index + 4);
  const entry = isExpected && isValue ? slot : '';
  const isFresh = entry !== '' && version / 1_000 + ttlOf(entry) > now.ms;
  if (isFresh && run.argv(3) !== 'refresh') return `v${entry}`;
  const isHeld = token !== '' && token !== run.argv(1) && untilMs > now.ms;
  if (isHeld && untilMs <= now.ms + LONGEST_HOLD_MS) return `h${rest(untilMs - now.ms)}`;
  lease(run, key, { slot, now });
  const isAhead = version >= now.micros && version < now.micros + S.ANOMALY_MICROS;
  return `g${padded(isAhead ? version + 1 : now.micros, 16)}${entry}`;
}

function partsOf(run: ScriptRun, key: string): Parts {
  const found = run.attempt('GET', key);
  const text = typeof found === 'string' ? found : '';
  const version = versionOf(entryOf(text));
  return {
    token: isLeased(text) ? tokenOf(text) : '',
    untilMs: isLeased(text) ? untilOf(text) : 0,
    slot: version === 0 ? '' : entryOf(text),
    version,
  };
}

interface Target {
  readonly slot: string;
  readonly now: ServerTime;
}

/** Puts a lease before the content of the slot, which then lives as long as both. */
function lease(run: ScriptRun, key: string, { slot, now }: Target): void {
  const leaseMs = toNumber(run.argv(2)) ?? Number.NaN;
  const left = run.call('PTTL', key) as number;
  const lifeMs = slot === '' || left < S.LEASE_KEPT_MS ? S.LEASE_KEPT_MS : left;
  const until = padded(now.ms + leaseMs, S.UNTIL_LENGTH);
  run.call('SET', key, S.LEASE_MARK + run.argv(1) + until + slot, 'PX', rest(lifeMs));
}
