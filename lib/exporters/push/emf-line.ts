import type { Cache } from '../../api/cache.js';
import type { MetricsSnapshot } from '../../api/metrics.js';
import { invalid, parseOptions } from '../../core/validate.js';
import { type MetricsSource, parseCacheSource } from '../sources.js';
import { periodBetween } from './period.js';

export interface EmfOptions {
  /** The dimension `Service`: what this application is called. */
  readonly service: string;
  /** The namespace of the metrics. @default 'POS/Cache' */
  readonly namespace?: string;
}

const SUBJECT = { name: 'emfLine', code: 'ERR_CACHE_OPTION' } as const;
const NAMESPACE = 'POS/Cache';

/** The last snapshot that a line was made of, by namespace and service. */
const LAST = new WeakMap<object, Map<string, MetricsSnapshot>>();

type Metric = readonly [
  name: string,
  unit: 'Count' | 'Percent' | 'None',
  value: number | undefined,
];

/**
 * One line in CloudWatch's embedded metric format. Write it to stdout once a minute: the agent, or Lambda, makes
 * metrics of it. Counts are those since the line before.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function emfLine(cache: MetricsSource, options: EmfOptions): string {
  const source = parseCacheSource<Pick<Cache, 'metrics'>>(cache, ['metrics']);
  const given = parseOptions<EmfOptions>(SUBJECT, options, ['service', 'namespace']);
  const service = parseName('service', given.service);
  const namespace = parseName('namespace', given.namespace ?? NAMESPACE);
  const snapshot = source.metrics();
  const metrics = metricsOf(snapshot, lastOf(source, `${namespace} ${service}`, snapshot)).filter(
    ([, , value]) => value !== undefined,
  );
  return JSON.stringify({
    _aws: {
      Timestamp: Date.parse(snapshot.at),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['Service', 'Cache'], ['Service']],
          Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    Service: service,
    Cache: snapshot.name,
    ...Object.fromEntries(metrics.map(([name, , value]) => [name, value])),
    status: snapshot.status,
    mode: snapshot.mode,
    ...(snapshot.reason === undefined ? {} : { reason: snapshot.reason }),
  });
}

/** A text is no metric in CloudWatch, so the status is two numbers. */
function metricsOf(now: MetricsSnapshot, before: MetricsSnapshot | undefined): readonly Metric[] {
  const { lookups, hitPercent, errors, loadsRefused } = periodBetween(before, now);
  return [
    ['CacheStatus', 'None', now.status === 'up' ? 1 : 0],
    ['CacheDown', 'None', now.status === 'down' ? 1 : 0],
    ['HitRate', 'Percent', hitPercent],
    ['Lookups', 'Count', lookups],
    ['Errors', 'Count', errors],
    ['LoadsRefused', 'Count', loadsRefused],
    ['LoadsInFlight', 'Count', now.loads.inFlight],
    ['JournalEntries', 'Count', now.journal.entries],
  ];
}

function lastOf(cache: object, key: string, now: MetricsSnapshot): MetricsSnapshot | undefined {
  const lines = LAST.get(cache) ?? new Map<string, MetricsSnapshot>();
  LAST.set(cache, lines);
  const last = lines.get(key);
  lines.set(key, now);
  return last;
}

/** CloudWatch takes printable ASCII, 255 characters, and no colon at the beginning. */
function parseName(name: string, given: unknown): string {
  if (typeof given === 'string' && /^[!-9;-~][ -~]{0,254}$/.test(given)) return given;
  const advice = "For example emfLine(cache, { service: 'pos-api' }).";
  const expected =
    '1 to 255 printable ASCII characters, without a colon or a space at the beginning';
  throw invalid({ ...SUBJECT, name, advice }, expected, given);
}
