import type { Family, Labels } from '../families/family.js';

interface Value {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

/** A metric in the form of prom-client's `get()`. */
interface MetricObject {
  readonly name: string;
  readonly help: string;
  readonly type: Family['type'];
  readonly aggregator: string;
  readonly values: readonly Value[];
}

/** How the numbers of several workers of `node:cluster` become one: gauges of time are not added. */
const AGGREGATORS: Readonly<Record<string, string>> = {
  express_cache_build_info: 'first',
  express_cache_mode_since_timestamp_seconds: 'max',
  express_cache_next_attempt_timestamp_seconds: 'max',
  express_health_check_duration_seconds: 'max',
};

/**
 * A metric of a prom-client registry that reads its numbers when it is scraped. It never fails, because a metric
 * that fails takes the whole scrape with it, also the user's own metrics.
 */
export class SnapshotMetric {
  /** prom-client takes `_total` away from it in a registry of OpenMetrics. */
  name: string;
  readonly help: string;
  readonly type: Family['type'];
  readonly aggregator: string;
  readonly #read: () => Promise<Family | undefined>;

  /** `read` returns the family of this name, or `undefined` when there is none now. It never rejects. */
  constructor(
    family: Pick<Family, 'name' | 'help' | 'type'>,
    read: () => Promise<Family | undefined>,
  ) {
    this.name = family.name;
    this.help = family.help;
    this.type = family.type;
    this.aggregator = AGGREGATORS[family.name] ?? 'sum';
    this.#read = read;
  }

  async get(): Promise<MetricObject> {
    const family = await this.#read();
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: family === undefined ? [] : valuesOf(family) };
  }

  /** The counters belong to the cache, so a registry cannot set them back. */
  reset(): void {}
}

function valuesOf(family: Family): readonly Value[] {
  if (family.type !== 'histogram') return family.samples;
  return family.histograms.flatMap(({ labels, counts }) => {
    let below = 0;
    const buckets = counts.counts.map((count, i): Value => {
      below += count;
      const le = counts.bounds[i] === undefined ? '+Inf' : String(counts.bounds[i]);
      return { metricName: `${family.name}_bucket`, labels: { le, ...labels }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${family.name}_sum`, labels, value: counts.sum },
      { metricName: `${family.name}_count`, labels, value: below },
    ];
  });
}
