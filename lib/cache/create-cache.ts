import type { CacheEvents } from '../api/events.js';
import type { CacheFreshness } from '../api/freshness.js';
import { Emitter } from '../core/emitter.js';
import { type Clock, systemClock } from '../core/time/clock.js';
import { Turns } from '../core/time/turns.js';
import { describe } from '../core/validate.js';
import type { EdgeTier } from '../edge/edge-tier.js';
import type { EdgeLog } from '../edge/queue/purge-queue.js';
import { SingleFlight, type SingleFlightOptions } from '../loading/single-flight.js';
import type { WarmUp } from '../loading/warm/warm-up.js';
import { type EvictionReason, MemoryTier } from '../memory/memory-tier.js';
import { noRedis } from '../redis/no-redis.js';
import type { Remote } from '../redis/remote.js';
import type { SingleOptions } from '../redis/single.js';
import type { Observer } from '../tiers/observer.js';
import { KeptText } from '../tiers/records/kept-text.js';
import { Shards } from '../tiers/shards.js';
import { MemoryStandby, NO_STANDBY, type Standby } from '../tiers/standby.js';
import type { Store } from '../tiers/store.js';
import { TieredStore } from '../tiers/tiered-store.js';
import { lookAt } from '../tiers/topology/store-state.js';
import { applicationName } from './application.js';
import { Arguments } from './arguments/arguments.js';
import { CacheHandle } from './cache.js';
import { BulkChanges } from './changes/bulk-changes.js';
import { lastChanges } from './changes/last-changes.js';
import { type CacheConfig, type CacheOptions, DEFAULTS } from './options.js';
import { parseCacheOptions } from './parse-options.js';
import { CacheLog } from './status/cache-log.js';
import { CacheObserver } from './status/cache-observer.js';
import { edgeAcceptsLine, edgeRefusedLine, listenerLine } from './status/log-lines.js';
import { Metrics } from './status/metrics.js';
import { takeSnapshot } from './status/snapshot.js';
import { StatusReporter } from './status/status-reporter.js';
import { buildWarmUp, type WarmSurroundings, withWarming } from './warming.js';

/**
 * Makes a cache. It connects in the background, so it neither waits for Redis nor throws because Redis is away.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function createCache(options?: CacheOptions): CacheHandle {
  const config = parseCacheOptions(options);
  return buildCache(config, { clock: systemClock, remote: buildRemote(config, systemClock) });
}

/** The clock and the Redis of a cache. */
export interface Surroundings {
  readonly clock: Clock;
  readonly remote: Remote;
  /** Returns an observer that passes each event on to the given one. */
  readonly watch?: (observer: Observer) => Observer;
}

/** The composition root: builds the parts, then starts them from the bottom up. */
export function buildCache(config: CacheConfig, surroundings: Surroundings): CacheHandle {
  const { clock, remote, watch = (observer) => observer } = surroundings;
  const log = new CacheLog(config, clock);
  const onListenerError = (error: unknown): void => log.write(listenerLine(error));
  const events = new Emitter<CacheEvents>(onListenerError);
  const history = { config, clock, log, events, metrics: new Metrics() };
  const turns = new Turns(clock);
  const reporter = new StatusReporter({ ...history, edge: () => edge?.state });
  const observer = watch(new CacheObserver({ ...history, reporter }));
  const standby = buildStandby(config, clock, (key, reason) => shards.evicted(key, reason));
  const shards = new Shards(remote, { config, clock, turns, observer, standby });
  const tiers = new TieredStore(shards);
  const edge = buildEdge(config, { clock, tiers, events, log });
  const store = edge === undefined ? tiers : edgedStore(tiers, edge);
  const loading = buildLoading(config, { store, observer, clock, turns });
  const args = new Arguments(config, () => store.timeOf(''));
  const warm = buildWarmUp(config, { store, clock, loading, args, events, ...listIn(shards) });
  const bulkChanges = new BulkChanges(store, turns);
  reporter.start(store);
  for (const part of [loading, shards, warm]) part?.start();
  const counted = { ...history, reporter, store, shards, loading, edge, warm };
  return new CacheHandle({
    config,
    store,
    loading,
    observer,
    reporter: warm === undefined ? reporter : withWarming(reporter, warm),
    events,
    turns,
    bulkChanges,
    edge,
    freshness: freshnessIn(loading, clock),
    takeSnapshot: () => takeSnapshot({ ...counted, commandTimes: remote.commandTimes }),
    look: () => lookAt(shards),
    onListenerError,
    args,
    close: () => close({ clock, log, warm, loading, bulkChanges, edge, shards }),
  });
}

/** `close()` waits so long for changes that Redis has not answered. */
const CLOSING_MS = 500;

/** Ends what the parts do, from the top down. */
async function close({ warm, loading, edge, ...parts }: ClosingParts): Promise<void> {
  const { clock, bulkChanges, shards, log } = parts;
  warm?.close();
  loading.close();
  const unsettled = () => bulkChanges.running ?? shards.unanswered;
  const last = lastChanges(unsettled, { clock, patienceMs: CLOSING_MS });
  if (last !== undefined) await last;
  if (edge !== undefined) await edge.close();
  shards.close();
  log.close();
}

interface ClosingParts {
  readonly clock: Clock;
  readonly log: CacheLog;
  readonly warm: WarmUp | undefined;
  readonly loading: SingleFlight;
  readonly bulkChanges: BulkChanges;
  readonly edge: EdgeTier | undefined;
  readonly shards: Shards;
}

/** Where the list of hot keys is kept, and the proof of what Redis shows. */
function listIn(shards: Shards): Pick<WarmSurroundings, 'kept' | 'shards'> {
  return { kept: new KeptText(shards, 'hot'), shards };
}

function freshnessIn({ audits }: SingleFlight, clock: Clock): CacheFreshness {
  if (audits !== undefined) return audits.freshness;
  return { report: () => ({ at: new Date(clock.wallNow()).toISOString(), groups: [] }) };
}

function buildLoading(
  config: CacheConfig,
  parts: Omit<SingleFlightOptions, 'config' | 'limit'>,
): SingleFlight {
  return new SingleFlight({ ...parts, config, limit: () => loadLimit(config, parts.store) });
}

/** Builds the Remote of a configuration. */
export function buildRemote(config: CacheConfig, clock: Clock): Remote {
  const { redis, prefix, commandTimeoutMs, maxValueBytes } = config;
  if (redis === undefined) return noRedis(clock);
  const application = applicationOf(config);
  const options = { prefix, clock, commandTimeoutMs, maxValueBytes, application };
  // Each part that an option asks for is loaded when one does: docs/adr/0041.
  if (redis.kind !== 'cluster') {
    const { SingleRemote } = require('../redis/single.js') as typeof import('../redis/single.js');
    return new SingleRemote({ ...options, source: redis });
  }
  const { ClusterRemote } =
    require('../redis/cluster/cluster-remote.js') as typeof import('../redis/cluster/cluster-remote.js');
  return new ClusterRemote({ ...options, source: redis });
}

/** The application's name for the record of the prefix, and one warning if another one uses the prefix. */
function applicationOf({ prefix, warnings }: CacheConfig): SingleOptions['application'] {
  const name = applicationName();
  if (name === undefined) return undefined;
  const onOther = (other: string): void => {
    const text = `the application ${describe(other)} uses the prefix ${describe(prefix)} in the same Redis, as this one, ${describe(name)}, does. Each reads and clears values of the other. Give each a prefix of its own, such as prefix: ${describe(`${name}:`)}.`;
    warnings.once('a-prefix-of-another-application', text);
  };
  return { name, onOther };
}

/** The CDN in front of the application, if there is one. */
function buildEdge(
  { edge }: CacheConfig,
  parts: {
    readonly clock: Clock;
    readonly tiers: Store;
    readonly events: Emitter<CacheEvents>;
    readonly log: CacheLog;
  },
): EdgeTier | undefined {
  if (edge === undefined) return undefined;
  const log: EdgeLog = {
    refused: (name, error) => parts.log.write(edgeRefusedLine(name, error)),
    accepts: (name) => parts.log.write(edgeAcceptsLine(name)),
  };
  const { EdgeTier } = require('../edge/edge-tier.js') as typeof import('../edge/edge-tier.js');
  const tier = new EdgeTier({ ...parts, edge, log });
  parts.events.on('modechange', (change) => tier.modeChanged(change));
  return tier;
}

function edgedStore(tiers: Store, edge: EdgeTier): Store {
  const { EdgedStore } =
    require('../edge/edged-store.js') as typeof import('../edge/edged-store.js');
  return new EdgedStore(tiers, edge);
}

/** The limit is stricter while Redis does not protect the database. */
function loadLimit({ maxConcurrentLoads, isEnabled }: CacheConfig, store: Store): number {
  if (maxConcurrentLoads !== undefined) return maxConcurrentLoads;
  // A cache that is switched off must not change the application.
  if (!isEnabled || store.mode === 'normal') return Number.POSITIVE_INFINITY;
  // If a third of the servers is away, a third of the loads is more than usual.
  return Math.ceil(DEFAULTS.maxConcurrentLoads / shareAway(store));
}

/** The share of the servers that do not serve. */
function shareAway({ state: { shards = [] } }: Store): number {
  const away = shards.filter(({ state }) => state.name !== 'closed').length;
  return away === 0 ? 1 : away / shards.length;
}

function buildStandby(
  { memory, share }: CacheConfig,
  clock: Clock,
  onEvict: (key: string, reason: EvictionReason) => void,
): Standby {
  return memory === undefined
    ? NO_STANDBY
    : new MemoryStandby(new MemoryTier(memory, onEvict), clock, share);
}
