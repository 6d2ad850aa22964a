import type { Stamp } from '../../redis/server-time.js';
import type { ShardStore } from '../shard-store.js';

type StoreOf = (key: string) => ShardStore;

/** Each server has a clock of its own, so a stamp is renewed where it arrives. */
function foreign(stamp: Stamp): Stamp {
  return { ...stamp, epoch: -1 };
}

/** Journals a change with the door that serves its key now. */
export function deferAt(home: ShardStore, from: ShardStore, change: Deferred): void {
  const { key, op, stamp } = change;
  home.shard.ledger.defer(key, op, home === from ? stamp : foreign(stamp));
  if (home !== from) home.replaySoon();
}

export interface Deferred {
  readonly key: string;
  readonly op: 'change' | 'load';
  readonly stamp: Stamp;
}

/**
 * Other doors serve some keys of this one now. What is not known to be in Redis goes into their journals. What
 * Redis has acknowledged has gone there with the slot, so it is labelled there.
 */
export function giveAway(from: ShardStore, storeOf: StoreOf): void {
  const isForeign = (key: string): boolean => storeOf(key) !== from;
  from.writer.giveAway(isForeign);
  const { entries, acknowledged } = from.shard.ledger.takeAway(isForeign);
  for (const [key, { op, stamp }] of entries) from.shard.defer(key, op, stamp);
  for (const [key, { stamp }] of acknowledged) {
    const { ledger, door } = storeOf(key).shard;
    ledger.adopt(key, foreign(stamp), door.reign);
  }
}

/** How often single changes had been forgotten when slots moved from one door to another last. */
const flushed = new WeakMap<ShardStore, WeakMap<ShardStore, number>>();

/**
 * A door gets slots from another one. Clears that wait there wait here, too. If that one has forgotten single
 * changes, the old values of their keys may come back with the slots, and everything here must go once.
 */
export function inherit(to: ShardStore, from: ShardStore): void {
  const { patterns, clearedAll, forgotten } = from.shard.ledger.legacy;
  const { ledger } = to.shard;
  for (const [pattern, stamp] of patterns) ledger.clearPattern(pattern, foreign(stamp));
  const known = flushed.get(to) ?? new WeakMap<ShardStore, number>();
  flushed.set(to, known);
  const isNews = forgotten > (known.get(from) ?? 0);
  known.set(from, forgotten);
  if (clearedAll !== undefined) ledger.clearAll(foreign(clearedAll));
  if (isNews || from.shard.ledger.blocksAll) ledger.flush();
  to.replaySoon();
}
