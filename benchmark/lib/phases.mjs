// What the visitors' log says about the time before a fault, in it and after it.

import { percentiles } from './stats.mjs';

/**
 * @param {{ closed: object, open: object }} log of the visitors
 * @param {{ beforeAt: number, faultAt: number, repairAt: number, endAt: number }} marks Unix milliseconds
 * @param {object[]} stats of the application at the fault, the repair and the end
 * @param {object[]} samples of the same, each second of the fault
 */
export function analyse(log, marks, [atFault, atRepair, atEnd], samples) {
  log.closed.faultAt = marks.faultAt;
  log.open.faultAt = marks.faultAt;
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
    timeline: timeline(log, marks, [atFault, ...samples]),
  };
}

/** By now a subject that looks for trouble has found it. */
const KNOWN_MS = 250;

/** What ended in a span gives the throughput; what began in it, the latencies: also of what never ended. */
function phase({ closed, open }, from, to) {
  let completed = 0;
  let errors = 0;
  let wrong = 0;
  const outcomes = [0, 0, 0, 0];
  for (const log of [closed, open]) {
    for (let i = 0; i < log.starts.length; i++) {
      const endedAt = log.starts[i] + log.took[i];
      if (endedAt < from || endedAt >= to) continue;
      outcomes[log.outcomes[i]]++;
    }
  }
  [completed, errors, , wrong] = outcomes;
  const probe = latencies(open, from, to);
  const loop = latencies(closed, from, to);
  const isSlow = (ms) => ms > 100;
  return {
    completed,
    perSecond: (completed / (to - from)) * 1_000,
    // 5xx, a connection that was refused or broke, somebody else's body.
    bad: errors + outcomes[2] + wrong,
    probe: percentiles(probe),
    loop: percentiles(loop),
    slowest: Math.max(0, percentiles(probe).max || 0, percentiles(loop).max || 0),
    over100: probe.filter(isSlow).length / Math.max(1, probe.length),
  };
}

function latencies(log, from, to) {
  const values = [];
  for (let i = 0; i < log.starts.length; i++) {
    const at = bookedAt(log, log.starts[i], log.starts[i] + log.took[i]);
    if (at >= from && at < to) values.push(log.took[i]);
  }
  for (const start of log.pending) {
    const at = bookedAt(log, start, Number.POSITIVE_INFINITY);
    if (at >= from && at < to) values.push(log.endedAt - start);
  }
  return values;
}

/** When it began; what the fault finds under way is the fault's, with all the time that it took. */
function bookedAt({ faultAt }, startedAt, endedAt) {
  return startedAt < faultAt && endedAt >= faultAt ? faultAt : startedAt;
}

const STEP_MS = 250;

/** Throughput in quarters of a second, counted from the fault on; and by the second what a dashboard shows. */
function timeline({ closed, open }, marks, samples) {
  const binOf = (at) => Math.floor((at - marks.faultAt) / STEP_MS);
  // Whole ones only: half a bin looks like half the visitors.
  const [first, end] = [Math.ceil((marks.beforeAt - marks.faultAt) / STEP_MS), binOf(marks.endAt)];
  const counts = new Float64Array(Math.max(0, end - first));
  for (const log of [closed, open]) {
    for (let i = 0; i < log.starts.length; i++) {
      const bin = binOf(log.starts[i] + log.took[i]) - first;
      if (log.outcomes[i] === 0 && bin >= 0 && bin < counts.length) counts[bin]++;
    }
  }
  const seconds = [];
  for (let from = marks.faultAt; from + 500 < marks.endAt; from += 1_000) {
    const to = Math.min(from + 1_000, marks.endAt);
    const { perSecond, probe, slowest, bad } = phase({ closed, open }, from, to);
    const i = seconds.length;
    const queries = samples[i + 1] && samples[i + 1].queries - samples[i].queries;
    seconds.push({ second: i, perSecond, ...probe, slowest, bad, queries });
  }
  const points = Array.from(counts, (count, i) => [
    ((first + i + 0.5) * STEP_MS) / 1_000,
    (count * 1_000) / STEP_MS,
  ]);
  return { points, seconds, repairedAfterS: (marks.repairAt - marks.faultAt) / 1_000 };
}
