// What the visitors' log says about the time before a fault, in it and after it.

import type { AppStats } from '../workers/app.js';
import type { LoadLog } from '../workers/load.js';
import { type Percentiles, percentiles } from './stats.js';
import { FAILED, OK, REFUSED, type RequestLog, WRONG } from './visitor.js';

/** Unix milliseconds. */
export interface Marks {
  readonly beforeAt: number;
  readonly faultAt: number;
  readonly repairAt: number;
  readonly endAt: number;
}

export interface Stats {
  readonly atFault: AppStats;
  readonly atRepair: AppStats;
  readonly atEnd: AppStats;
  /** Each second of the fault. */
  readonly samples: readonly AppStats[];
}

interface Phase {
  readonly completed: number;
  readonly perSecond: number;
  /** 5xx, a connection that was refused or broke, another product's body. */
  readonly bad: number;
  /** Of the open loop. */
  readonly probe: Percentiles;
  readonly slowest: number;
  /** The share of the open loop's requests over 100 ms. */
  readonly over100: number;
}

interface Second extends Percentiles {
  readonly second: number;
  readonly perSecond: number;
  readonly slowest: number;
  readonly bad: number;
  readonly queries: number | undefined;
}

export interface Analysis {
  readonly before: Phase;
  readonly during: Phase & { readonly queries: number; readonly queriesPerRequest: number };
  readonly after: Phase & { readonly queries: number };
  /** Throughput during the fault ÷ before. */
  readonly kept: number;
  /** The 99th percentile once a subject that looks for trouble has found it. */
  readonly p99Known: number;
  readonly longestQueue: number;
  readonly unhandled: number;
  readonly pendingAtEnd: number;
  readonly timeline: {
    /** Seconds since the fault began, and requests a second. */
    readonly points: readonly (readonly [number, number])[];
    readonly seconds: readonly Second[];
    readonly repairedAfterS: number;
  };
}

const KNOWN_MS = 250;
const STEP_MS = 250;

interface Log extends LoadLog {
  readonly faultAt: number;
}

export function analyse(load: LoadLog, marks: Marks, stats: Stats): Analysis {
  const { atFault, atRepair, atEnd, samples } = stats;
  const log = { ...load, faultAt: marks.faultAt };
  // There is no before when the fault was there first.
  const isFirst = marks.faultAt - marks.beforeAt < 100;
  const before = phase(log, isFirst ? marks.faultAt : marks.beforeAt, marks.faultAt);
  const during = phase(log, marks.faultAt, marks.repairAt);
  const after = phase(log, marks.repairAt, marks.endAt);
  const queries = atRepair.queries - atFault.queries;
  return {
    before,
    during: { ...during, queries, queriesPerRequest: queries / Math.max(1, during.completed) },
    after: { ...after, queries: atEnd.queries - atRepair.queries },
    kept: before.completed > 0 ? during.perSecond / before.perSecond : Number.NaN,
    p99Known: phase(log, marks.faultAt + KNOWN_MS, marks.repairAt).probe.p99,
    longestQueue: atRepair.longestQueue,
    unhandled: atEnd.unhandled,
    pendingAtEnd: log.closed.pending.length + log.open.pending.length,
    timeline: {
      points: throughput(log, marks),
      seconds: bySecond(log, marks, [atFault, ...samples]),
      repairedAfterS: (marks.repairAt - marks.faultAt) / 1_000,
    },
  };
}

/** What ended in a span gives the throughput. What began in it gives the latencies, also of what never ended. */
function phase(log: Log, from: number, to: number): Phase {
  const outcomes = [0, 0, 0, 0];
  for (const { at, outcome } of ends(log)) {
    if (at >= from && at < to) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  const count = (outcome: number): number => outcomes[outcome] ?? 0;
  const open = latencies(log.open, log.faultAt, [from, to]);
  const probe = percentiles(open);
  const loop = latencies(log.closed, log.faultAt, [from, to]);
  return {
    completed: count(OK),
    perSecond: (count(OK) / (to - from)) * 1_000,
    bad: count(FAILED) + count(REFUSED) + count(WRONG),
    probe,
    slowest: loop.reduce((a, b) => Math.max(a, b), probe.max || 0),
    over100: open.filter((ms) => ms > 100).length / Math.max(1, open.length),
  };
}

/** When each request ended that did. */
function* ends({ closed, open }: LoadLog): Generator<{ at: number; outcome: number }> {
  for (const { starts, took, outcomes } of [closed, open]) {
    for (const [i, start] of starts.entries()) {
      yield { at: start + (took[i] ?? 0), outcome: outcomes[i] ?? 0 };
    }
  }
}

type Span = readonly [from: number, to: number];

function latencies(log: RequestLog, faultAt: number, [from, to]: Span): number[] {
  const values: number[] = [];
  const add = (startedAt: number, endedAt: number, took: number): void => {
    // What the fault finds in flight is the fault's, with all the time that it took.
    const at = startedAt < faultAt && endedAt >= faultAt ? faultAt : startedAt;
    if (at >= from && at < to) values.push(took);
  };
  for (const [i, start] of log.starts.entries()) {
    const took = log.took[i] ?? 0;
    add(start, start + took, took);
  }
  for (const start of log.pending) add(start, Number.POSITIVE_INFINITY, log.endedAt - start);
  return values;
}

/** Throughput in quarters of a second, counted from the fault on. */
function throughput(log: Log, { beforeAt, faultAt, endAt }: Marks): [number, number][] {
  const binOf = (at: number): number => Math.floor((at - faultAt) / STEP_MS);
  // Whole ones only: half a bin looks like half the visitors.
  const first = Math.ceil((beforeAt - faultAt) / STEP_MS);
  const counts = new Float64Array(Math.max(0, binOf(endAt) - first));
  for (const { at, outcome } of ends(log)) {
    const bin = binOf(at) - first;
    if (outcome === OK && bin >= 0 && bin < counts.length) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return Array.from(counts, (count, i) => [
    ((first + i + 0.5) * STEP_MS) / 1_000,
    (count * 1_000) / STEP_MS,
  ]);
}

/** What a dashboard shows, from the fault on. */
function bySecond(log: Log, { faultAt, endAt }: Marks, samples: readonly AppStats[]): Second[] {
  const seconds: Second[] = [];
  for (let from = faultAt; from + 500 < endAt; from += 1_000) {
    const { perSecond, probe, slowest, bad } = phase(log, from, Math.min(from + 1_000, endAt));
    const second = seconds.length;
    const [then, next] = [samples[second], samples[second + 1]];
    const queries = then && next ? next.queries - then.queries : undefined;
    seconds.push({ second, perSecond, ...probe, slowest, bad, queries });
  }
  return seconds;
}
