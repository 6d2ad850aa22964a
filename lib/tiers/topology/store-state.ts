import type { ServerMetrics } from '../../api/metrics.js';
import type { CacheMode } from '../../api/status.js';
import { reasonOf } from '../../redis/door-state.js';
import type { DoorState } from '../../redis/remote.js';
import { modeOf, worstOf } from '../mode.js';
import type { Shard, Tools } from '../shard.js';
import type { ShardStore } from '../shard-store.js';
import type { ShardState, StoreState } from '../store.js';

/** The shards of a store, as its state shows them. */
interface Stores {
  readonly tools: Tools;
  readonly all: readonly ShardStore[];
  readonly only: ShardStore | undefined;
  readonly hasRedis: boolean;
}

export function modeOfAll(stores: Stores): CacheMode {
  return modeIn(stores, worstState(stores));
}

/** The state of several servers is that of the worst. */
export function stateOf(stores: Stores, notice: string | undefined): StoreState {
  const { all, hasRedis, tools } = stores;
  // A caller who looks again and again notices soon, because heartbeats come twice a second again.
  for (const { shard } of all) shard.door.isProven();
  const state = worstState(stores);
  const counts = all.map(({ shard }) => shard.ledger.counts);
  const sum = (field: 'entries' | 'max' | 'overflows'): number =>
    counts.reduce((total, each) => total + each[field], 0);
  return {
    mode: modeIn(stores, state),
    reason: hasRedis ? reasonOf(state) : undefined,
    isConnected: hasRedis && isConnected(state),
    isReadOnly: state.name === 'read-only',
    nextAttemptAt: 'nextAttemptAt' in state ? state.nextAttemptAt : undefined,
    hasRedis,
    notice,
    journal: { entries: sum('entries'), max: sum('max'), overflows: sum('overflows') },
    memory: tools.standby.state,
    shards: all.flatMap((each) => shardState(each) ?? []),
  };
}

/** Asks each server that is used and has not answered lately; `undefined`: all have. */
export function lookAt({ all }: Pick<Stores, 'all'>): Promise<unknown> | undefined {
  const looks = all.flatMap(({ shard }) => shard.door.look() ?? []);
  return looks.length === 0 ? undefined : Promise.all(looks);
}

/** `undefined`: it is no shard of a cluster, or the cluster is not known yet. */
function shardState({ shard: { door }, changedAt }: ShardStore): ShardState | undefined {
  const { place, state } = door;
  return place === undefined || place.address === ''
    ? undefined
    : { ...place, state, reason: reasonOf(state), changedAt };
}

/** The numbers of one server. */
export function metricsOf({ door, ledger }: Shard): ServerMetrics {
  const { place, state, writer, reader } = door;
  const reason = reasonOf(state);
  return {
    ...(place === undefined || place.address === '' ? {} : { name: place.address }),
    state: state.name,
    ...(reason === undefined ? {} : { reason }),
    commandsInFlight: (writer ?? reader)?.unanswered ?? 0,
    journalEntries: ledger.counts.entries,
  };
}

function worstState({ all, only }: Stores): DoorState {
  if (only !== undefined) return only.shard.door.state;
  return worstOf(all.map(({ shard }) => shard.door.state));
}

function modeIn({ tools, hasRedis }: Stores, state: DoorState): CacheMode {
  const { isOn: hasMemory } = tools.standby;
  if (!hasRedis) return hasMemory ? 'normal' : 'database-only';
  return modeOf(state, hasMemory);
}

function isConnected({ name }: DoorState): boolean {
  return name === 'closed' || name === 'read-only' || name === 'recovering' || name === 'settling';
}
