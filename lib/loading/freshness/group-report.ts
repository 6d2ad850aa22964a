import type {
  FixedLifetime,
  GroupFreshness,
  LifetimeEstimate,
  ShareEstimate,
} from '../../api/freshness.js';
import type { FreshnessMetrics } from '../../api/metrics.js';
import { adviceOf } from './advice.js';
import type { Candidate } from './learning/choice.js';
import type { Survey } from './learning/survey.js';

/** Standard errors to each side in an interval of 95 %. */
const Z = 1.96;

type Counts = Pick<FreshnessMetrics, 'group' | 'hits' | 'loads' | 'audits' | 'staleRatio'>;

/** The report of a group, from what audits counted and what loads taught. */
export function reportOf(counts: Counts, survey: Survey): GroupFreshness {
  const { group, hits, loads, audits, staleRatio } = counts;
  const reads = hits + loads - audits.fresh - audits.stale;
  const { same, changed } = survey.reloads;
  const { choice } = survey;
  const hasSeen = Number.isFinite(choice.loadsPerRead);
  const facts = {
    group,
    reads,
    loads,
    stale: staleRatio && scaled(staleRatio, reads === 0 ? 0 : hits / reads),
    audits,
    changes: { reloads: same + changed, changed, medianGapMs: survey.medianGapMs ?? null },
    lifetimes: hasSeen ? survey.fixed.map((policy) => fixed(policy, survey.ttlMs)) : [],
    learned: choice.verdict === 'learned' ? estimate(choice) : null,
    target: survey.target,
    state: survey.state,
  };
  return { ...facts, advice: adviceOf(facts, survey) };
}

function fixed(policy: Candidate, ttlMs: number): FixedLifetime {
  const { factor } = policy;
  return { factor, ttlMs: Math.round(factor * ttlMs), ...estimate(policy) };
}

function estimate({ loadsPerRead, stale: { value, error } }: Candidate): LifetimeEstimate {
  const low = Math.max(0, value - Z * error);
  const high = Math.min(1, value + Z * error);
  return { stale: { value, low, high }, loadsPerRead };
}

function scaled({ value, low, high }: ShareEstimate, by: number): ShareEstimate {
  return { value: by * value, low: by * low, high: by * high };
}
