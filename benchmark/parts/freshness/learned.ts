// Reads through the code that learns lifetimes, as the cache drives it.

import { AuditGroup } from '../../../lib/loading/freshness/audit-group.js';
import { HitSampler } from '../../../lib/loading/freshness/hit-sampler.js';
import { GroupLearner } from '../../../lib/loading/freshness/learning/group-learner.js';
import { KnownKeys } from '../../../lib/loading/freshness/learning/known-keys.js';
import { CLAMP } from '../../../lib/loading/freshness/learning/policies.js';
import type { Cost } from './fixed.js';
import type { Random } from './histories.js';
import type { Reads } from './reads.js';

export interface Life extends Cost {
  /** The share of hits that were stale, in all of the time, and what audits say of it. */
  readonly staleHits: number;
  readonly reported: { readonly low: number; readonly high: number } | undefined;
  /** The 95th percentile of the keys' shares of stale reads, of keys with reads enough. */
  readonly worstKeys: number;
  readonly audits: number;
  /** The share of lifetimes that were the longest or the shortest that is allowed. */
  readonly atClamp: number;
  readonly state: string;
  /** Stale reads of each thousand. */
  readonly course: readonly number[];
}

const ENOUGH_READS = 100;

export function live(
  reads: Reads,
  random: Random,
  { ttl, target }: { readonly ttl: number; readonly target: number | undefined },
): Life {
  const { at, key, version, from } = reads;
  const endsAt = new Float64Array(reads.keys).fill(Number.NEGATIVE_INFINITY);
  const loaded = new Int32Array(reads.keys);
  const [staleOf, readsOf] = [new Int32Array(reads.keys), new Int32Array(reads.keys)];
  const sampler = new HitSampler(random);
  const group = new AuditGroup('all', random);
  const learner = new GroupLearner({
    keys: new KnownKeys(10_000),
    mostTried: 4_096,
    random,
    target:
      target === undefined ? undefined : { stale: target, maxTtlMs: Number.POSITIVE_INFINITY },
  });
  const salt = Math.floor(random() * 2 ** 30);
  let [loads, stale, hits, staleHits, clamped] = [0, 0, 0, 0, 0];
  const course: number[] = [];
  for (let i = 0; i < at.length; i++) {
    const [now, k, v] = [at[i] as number, key[i] as number, version[i] as number];
    const load = (isReload: boolean): void => {
      group.loaded();
      sampler.loaded();
      const ttlMs = ttl;
      const seen = { key: mixed(k, salt), value: v, at: now, ttlMs, isFixed: false, isReload };
      const lifetime = learner.loaded(seen);
      endsAt[k] = now + lifetime;
      loaded[k] = v;
      if (i < from) return;
      loads++;
      if (lifetime <= ttl / CLAMP || lifetime >= CLAMP * ttl) clamped++;
    };
    if (i >= from) readsOf[k] = (readsOf[k] as number) + 1;
    if (i % 1_000 === 0) course.push(0);
    if (now >= (endsAt[k] as number)) {
      load(false);
      continue;
    }
    const isStale = loaded[k] !== v;
    hits++;
    if (isStale) {
      staleHits++;
      course[course.length - 1] = (course.at(-1) as number) + 1;
      if (i >= from) {
        stale++;
        staleOf[k] = (staleOf[k] as number) + 1;
      }
    }
    if (!sampler.hit()) continue;
    const count = sampler.take();
    learner.hit(mixed(k, salt), count);
    const standsFor = group.hit(count);
    if (standsFor === 0) continue;
    load(true);
    group.audited(isStale, standsFor);
    learner.audited(isStale);
  }
  const counted = at.length - from;
  const { audits, staleRatio } = group.metrics;
  return {
    load: loads / counted,
    stale: stale / counted,
    staleHits: hits === 0 ? 0 : staleHits / hits,
    reported: staleRatio ?? undefined,
    worstKeys: percentile95(staleOf, readsOf),
    audits: audits.stale + audits.fresh,
    atClamp: clamped / Math.max(1, loads),
    state: learner.state,
    course,
  };
}

function percentile95(stale: Int32Array, reads: Int32Array): number {
  const shares = [...stale]
    .map((count, i) => ({ count, reads: reads[i] as number }))
    .filter((each) => each.reads >= ENOUGH_READS)
    .map((each) => each.count / each.reads)
    .sort((a, b) => a - b);
  return shares[Math.floor(0.95 * shares.length)] ?? 0;
}

/** A number as a fingerprint has it. */
function mixed(key: number, salt: number): number {
  let bits = Math.imul(key ^ salt, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  return (bits ^ (bits >>> 13)) >>> 0;
}
