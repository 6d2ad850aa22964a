import type { CacheEvents, LoadError } from '../api/events.js';
import { type Clock, systemClock, type Timer } from '../core/clock.js';
import { Emitter } from '../core/emitter.js';
import { errorText } from '../core/redact.js';
import { Bulkhead } from '../loading/bulkhead.js';
import { LoadBackoff } from '../loading/load-backoff.js';
import { LoadTask } from '../loading/load-task.js';
import { SingleFlight } from '../loading/single-flight.js';
import { MemoryTier } from '../memory/memory-tier.js';
import { RedisDoor } from '../redis/door/door.js';
import { newGeneration } from '../redis/door/lineage.js';
import { ServerClock } from '../redis/door/server-clock.js';
import type { CacheContext } from '../tiers/context.js';
import { Journal } from '../tiers/ledger/journal.js';
import { LocalChanges } from '../tiers/ledger/local-changes.js';
import { UnconfirmedWrites } from '../tiers/ledger/unconfirmed-writes.js';
import { Metrics } from '../tiers/metrics.js';
import { canSpare } from '../tiers/read.js';
import { recover, rejournal, replay } from '../tiers/replay.js';
import { Standby } from '../tiers/standby.js';
import { type CacheCore, CacheHandle } from './cache.js';
import { type CacheConfig, type CacheOptions, DEFAULTS, parseCacheOptions } from './options.js';
import { currentMode, modeOf } from './status/mode.js';
import { StatusReporter } from './status/status-reporter.js';

/** A write that failed while Redis is well is replayed after this pause. */
const REPLAY_AFTER_MS = 50;

/**
 * Makes a cache. It connects in the background: nothing is awaited, nothing is thrown because Redis is
 * away.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function createCache(options?: CacheOptions): CacheHandle {
  return buildCache(parseCacheOptions(options), systemClock);
}

/** The composition root. */
export function buildCache(config: CacheConfig, clock: Clock): CacheHandle {
  const events = new Emitter<CacheEvents>((error) => {
    config.logger.warn(`[express-cache-health] an event listener threw: ${errorText(error)}`);
  });
  const parts = buildParts(config, clock, events);
  const { context } = parts;
  const bulkhead = new Bulkhead(clock, () => loadLimit(context), config.maxQueuedLoads);
  const backoff = new LoadBackoff();
  const onLoadError = (event: LoadError): void => events.emit('loaderror', event);
  const task = new LoadTask({ context, bulkhead, backoff, onLoadError });
  const core: CacheCore = {
    context,
    singleFlight: new SingleFlight(context, task, backoff),
    bulkhead,
    events,
    status: () => parts.reporter.status(context),
    close: parts.close,
  };
  return new CacheHandle(core);
}

/** The database is protected most when Redis does not protect it. */
function loadLimit(context: CacheContext<CacheConfig>): number {
  const { maxConcurrentLoads } = context.config;
  if (maxConcurrentLoads !== undefined) return maxConcurrentLoads;
  const isNormal = currentMode(context) === 'normal';
  return isNormal ? Number.POSITIVE_INFINITY : DEFAULTS.maxConcurrentLoads;
}

interface Parts {
  readonly context: CacheContext<CacheConfig>;
  readonly reporter: StatusReporter;
  close(): void;
}

function buildParts(config: CacheConfig, clock: Clock, events: Emitter<CacheEvents>): Parts {
  const journal = new Journal(config.journalMax);
  const unconfirmed = new UnconfirmedWrites();
  const metrics = new Metrics();
  const standby = buildStandby(config, journal);
  const hasMemory = standby !== undefined;
  const initial = modeOf(config.redis && { name: 'connecting' }, hasMemory);
  const reporter = new StatusReporter(events, initial, clock.now(), clock.wallNow());
  let replayTimer: Timer | undefined;

  const replaySoon = (): void => {
    if (replayTimer !== undefined || context.door?.writer === undefined) return;
    replayTimer = clock.setTimer(() => void replayNow(), REPLAY_AFTER_MS);
  };
  const replayNow = async (): Promise<void> => {
    const session = context.door?.writer;
    try {
      if (session !== undefined && !journal.isEmpty) await replay(context, session);
    } finally {
      replayTimer = undefined;
    }
    if (!journal.isEmpty) replaySoon();
  };
  const door =
    config.redis && buildDoor(config, clock, { unconfirmed, metrics, reporter }, () => context);
  const ownGeneration = newGeneration();
  const context: CacheContext<CacheConfig> = {
    config,
    clock,
    door,
    standby,
    journal,
    unconfirmed,
    metrics,
    bornAt: clock.now(),
    serverClock: door?.serverClock ?? new ServerClock(clock),
    localChanges: new LocalChanges(),
    generation: () => door?.identity.generation ?? ownGeneration,
    scheduleReplay: replaySoon,
    onOverflow: () => announceOverflow(config, journal),
  };
  reporter.attach(context);
  const close = (): void => {
    replayTimer?.cancel();
    door?.close();
  };
  return { context, reporter, close };
}

function buildStandby(config: CacheConfig, journal: Journal): Standby | undefined {
  if (config.memory === undefined) return undefined;
  const standby: Standby = new Standby(
    new MemoryTier(config.memory, (key) => {
      standby.forget(key);
      journal.dropLoad(key);
    }),
  );
  return standby;
}

function buildDoor(
  config: CacheConfig,
  clock: Clock,
  parts: { unconfirmed: UnconfirmedWrites; metrics: Metrics; reporter: StatusReporter },
  context: () => CacheContext<CacheConfig>,
): RedisDoor | undefined {
  if (config.redis === undefined) return undefined;
  const { unconfirmed, metrics, reporter } = parts;
  return new RedisDoor({
    source: config.redis,
    prefix: config.prefix,
    commandTimeoutMs: config.commandTimeoutMs,
    clock,
    hooks: {
      onChange: (state) => {
        reporter.onDoorChange(state);
        // What was deferred after the last look at the journal is replayed behind its barrier.
        if (state.name === 'closed' && !context().journal.isEmpty) context().scheduleReplay();
      },
      onFailure: (failure) => {
        metrics.errors++;
        reporter.onFailure(failure, clock.wallNow());
      },
      onRestart: () => rejournal(context()),
      recover: (recovery) => recover(context(), recovery),
      onAmnesia: () =>
        config.logger.error(
          `[express-cache-health] Redis (${config.redisName}) came back without writes it had acknowledged: ` +
            `every entry under the prefix '${config.prefix}' counts as gone.`,
        ),
      beginFence: () => unconfirmed.beginFence(),
      canSpare: (key) => canSpare(context(), key.slice(config.prefix.length)),
    },
  });
}

function announceOverflow(config: CacheConfig, journal: Journal): void {
  config.logger.warn(
    `[express-cache-health] more than ${journal.max} writes wait for Redis: ` +
      `every entry under the prefix '${config.prefix}' will count as gone when it is back.`,
  );
}
