import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import { CACHE_METRICS, cacheFamilies } from '../families/cache-families.js';
import type { Family } from '../families/family.js';
import type { Instrumented } from './options.js';

type Description = Pick<Family, 'name' | 'type' | 'help'>;

/** One instrument of OpenTelemetry. A histogram that is counted elsewhere becomes two: its sum and its count. */
export interface Instrument {
  readonly name: string;
  readonly unit: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
}

/** The instruments of a metric. OpenTelemetry separates names by dots, and knows no `_total`. */
export function instrumentsOf({ name, type, help }: Description): readonly Instrument[] {
  const stem = name.replace(/^express_cache_/, 'express.cache.').replace(/_total$/, '');
  if (type !== 'histogram') {
    return [{ name: stem, unit: unitOf(name), type, help }];
  }
  return [
    { name: `${stem}.sum`, unit: 's', type: 'counter', help: `${help} The sum.` },
    { name: `${stem}.count`, unit: '1', type: 'counter', help: `${help} Their number.` },
  ];
}

function unitOf(name: string): string {
  if (/_seconds(?:_total)?$/.test(name)) return 's';
  return /_bytes$/.test(name) ? 'By' : '1';
}

/** Observes the snapshot of a cache whenever the meter is read. The returned function ends it. */
export function observeMetrics(meter: Meter, cache: Instrumented): () => void {
  const instruments = new Map<string, Observable>();
  for (const { name, unit, type, help } of CACHE_METRICS.flatMap(instrumentsOf)) {
    const options = { description: help, unit };
    const made =
      type === 'counter'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableGauge(name, options);
    instruments.set(name, made);
  }
  const observe = (result: BatchObservableResult): void => {
    for (const family of cacheFamilies(cache.metrics())) observeFamily(result, family, instruments);
  };
  const all = [...instruments.values()];
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

function observeFamily(
  result: BatchObservableResult,
  family: Family,
  instruments: ReadonlyMap<string, Observable>,
): void {
  const [first, second] = instrumentsOf(family).map(({ name }) => instruments.get(name));
  if (first === undefined) return;
  if (family.type !== 'histogram') {
    // OTLP has no number for "unlimited".
    for (const { labels, value } of family.samples) {
      if (Number.isFinite(value)) result.observe(first, value, labels);
    }
    return;
  }
  for (const { labels, counts } of family.histograms) {
    result.observe(first, counts.sum, labels);
    const count = counts.counts.reduce((sum, each) => sum + each, 0);
    if (second !== undefined) result.observe(second, count, labels);
  }
}
