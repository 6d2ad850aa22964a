import type { Cache } from '../../api/cache.js';
import type { MetricsSnapshot } from '../../api/metrics.js';
import { inBackground } from '../../core/background.js';
import { contain } from '../../core/contain.js';
import { systemClock, type Timer } from '../../core/time/clock.js';
import { type Duration, parseDuration } from '../../core/time/duration.js';
import { invalid, parseOptions } from '../../core/validate.js';
import { parseCacheSource } from '../sources.js';
import { periodBetween } from './period.js';

/** A client for DogStatsD, such as hot-shots. */
export interface DogStatsdClient {
  check(
    name: string,
    status: number,
    options: { readonly message: string },
    tags: string[],
  ): unknown;
  gauge(name: string, value: number, tags: string[]): unknown;
}

export interface ReportOptions {
  /** The tag `service`. @default none: the client's own tags say it */
  readonly service?: string;
  /** How often to report, besides each change of mode. @default '10s' */
  readonly interval?: Duration;
}

type Reported = Pick<Cache, 'metrics' | 'on'>;

const SUBJECT = { name: 'reportCache', code: 'ERR_CACHE_OPTION' } as const;
/** OK, warning and critical, in Datadog's numbers. */
const STATUS: Readonly<Record<MetricsSnapshot['status'], number>> = { up: 0, degraded: 1, down: 2 };
/** Datadog cuts longer messages. */
const MAX_MESSAGE = 500;

/**
 * Reports the service check `health.cache.status` and some gauges through your client, at once, at each change of
 * mode, and at each interval. The timer does not keep the process alive. The returned function ends it.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong argument.
 */
export function reportCache(
  cache: Reported | { readonly cache: Reported },
  client: DogStatsdClient,
  options?: ReportOptions,
): () => void {
  const source = parseCacheSource<Reported>(cache, ['metrics', 'on']);
  checkClient(client);
  const given = parseOptions<ReportOptions>(SUBJECT, options, ['service', 'interval']);
  const tags = given.service === undefined ? [] : [`service:${parseService(given.service)}`];
  const intervalMs = parseDuration({ ...SUBJECT, name: 'interval' }, given.interval ?? '10s');
  let last: MetricsSnapshot | undefined;
  let timer: Timer | undefined;
  const report = (): void =>
    quietly(() => {
      const snapshot = source.metrics();
      send(client, { snapshot, last, tags });
      last = snapshot;
    });
  const schedule = (): void => {
    timer = systemClock.setTimer(() => {
      report();
      schedule();
    }, intervalMs);
  };
  report();
  inBackground(schedule);
  const unsubscribe = source.on('modechange', report);
  return () => {
    unsubscribe();
    timer?.cancel();
  };
}

function send(
  client: DogStatsdClient,
  {
    snapshot,
    last,
    tags,
  }: {
    readonly snapshot: MetricsSnapshot;
    readonly last: MetricsSnapshot | undefined;
    readonly tags: readonly string[];
  },
): void {
  const { name, status, reason, message } = snapshot;
  const own = [...tags, `cache:${name}`];
  const why = reason === undefined ? [] : [`reason:${reason}`];
  const options = { message: oneLine(message) };
  quietly(() => client.check('health.cache.status', STATUS[status], options, [...own, ...why]));
  for (const [gauge, value] of gaugesOf(snapshot, last)) {
    if (value !== undefined) quietly(() => client.gauge(`health.cache.${gauge}`, value, [...own]));
  }
}

/** A client that throws or rejects must not harm the application, and has its own way to say so. */
function quietly(act: () => unknown): void {
  contain(act, () => {});
}

function gaugesOf(
  now: MetricsSnapshot,
  before: MetricsSnapshot | undefined,
): readonly (readonly [string, number | undefined])[] {
  const { lookups, hitPercent, errors, loadsRefused } = periodBetween(before, now);
  return [
    ['hit_rate', hitPercent],
    ['lookups', lookups],
    ['errors', errors],
    ['loads_refused', loadsRefused],
    ['loads_in_flight', now.loads.inFlight],
    ['loads_queued', now.loads.queued],
    ['journal_entries', now.journal.entries],
    ['memory_entries', now.memory?.entries],
  ];
}

/** A line feed would split the datagram, and `|` begins another field of it. */
function oneLine(message: string): string {
  return message.replace(/[\s|]+/g, ' ').slice(0, MAX_MESSAGE);
}

function checkClient(client: unknown): void {
  const { check, gauge } = (client ?? {}) as Partial<DogStatsdClient>;
  if (typeof check === 'function' && typeof gauge === 'function') return;
  const advice = "For example new StatsD() of 'hot-shots'.";
  throw invalid(
    { ...SUBJECT, name: 'the client', advice },
    'a DogStatsD client with check() and gauge()',
    client,
  );
}

function parseService(given: unknown): string {
  if (typeof given === 'string' && /^[\w./-]{1,100}$/.test(given)) return given;
  throw invalid({ ...SUBJECT, name: 'service' }, '1 to 100 letters, digits, _ . / and -', given);
}
