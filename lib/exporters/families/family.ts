import type { HistogramCounts } from '../../core/diagnostics/histogram.js';

export type Labels = Readonly<Record<string, string>>;

/** One number of a metric. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Description {
  /** The name in Prometheus, with unit and `_total`. */
  readonly name: string;
  /** One sentence, for people. */
  readonly help: string;
}

/** A metric of one number for each combination of labels. */
export interface ScalarFamily extends Description {
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

/** A metric of one histogram for each combination of labels. */
export interface HistogramFamily extends Description {
  readonly type: 'histogram';
  readonly histograms: readonly { readonly labels: Labels; readonly counts: HistogramCounts }[];
}

/** A metric, as every exporter reads it: plain data. */
export type Family = ScalarFamily | HistogramFamily;

/** One sample per state, 1 for the one that is true: so alerts need no numbers with a meaning of their own. */
export function states(
  label: string,
  known: readonly string[],
  current: string | undefined,
): readonly Sample[] {
  return known.map((state) => ({
    labels: { [label]: state },
    value: state === current ? 1 : 0,
  }));
}

/** One sample for each field. */
export function fields(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** The sample of a metric without labels. */
export function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

/** The same, or none. */
export function optional(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : one(value);
}

/** The families of several caches as one list: the same metric once, with all samples. */
export function merged(lists: readonly (readonly Family[])[]): readonly Family[] {
  const byName = new Map<string, Family>();
  for (const family of lists.flat()) {
    const before = byName.get(family.name);
    byName.set(family.name, before === undefined ? family : joined(before, family));
  }
  return [...byName.values()];
}

function joined(a: Family, b: Family): Family {
  if (a.type === 'histogram' && b.type === 'histogram') {
    return { ...a, histograms: [...a.histograms, ...b.histograms] };
  }
  if (a.type === 'histogram' || b.type === 'histogram') return a;
  return { ...a, samples: [...a.samples, ...b.samples] };
}
