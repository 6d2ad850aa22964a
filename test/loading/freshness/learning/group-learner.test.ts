import { expect } from 'chai';
import { ChangeRates } from '../../../../lib/loading/freshness/learning/change-rate.js';
import { Gaps } from '../../../../lib/loading/freshness/learning/gaps.js';
import {
  GroupLearner,
  type Target,
} from '../../../../lib/loading/freshness/learning/group-learner.js';
import { type KnownKey, KnownKeys } from '../../../../lib/loading/freshness/learning/known-keys.js';
import { Sample } from '../../../../lib/loading/freshness/learning/sample.js';

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const KNOWN: KnownKey = {
  ...{ value: 1, loadedAt: 0, endsAt: 0, ttlMs: 100, changedAt: 0, hasChanged: false },
  ...{ changes: 0, watchedMs: 0, reads: 1, readMs: 100, readsSince: 0 },
};

describe('the rate of changes', () => {
  it('is found from loads that only show whether there was a change', () => {
    const random = seeded(7);
    const rates = new ChangeRates();
    const known = { ...KNOWN };
    // One change in 100 ms on average, looked at each 20 to 300 ms.
    for (let i = 0; i < 2_000; i++) {
      const gap = 20 + 280 * random();
      rates.saw(known, gap, random() < -Math.expm1(-gap / 100));
    }
    expect(rates.group).to.be.within(0.009, 0.0112);
  });

  it('is that of the group for a key that is hardly known', () => {
    const rates = new ChangeRates();
    for (let i = 0; i < 100; i++) rates.saw({ ...KNOWN }, 100, i % 10 === 0);
    const group = rates.group ?? 0;
    expect(rates.of(KNOWN, 1)).to.be.closeTo(group, group / 100);
    const calm = { ...KNOWN };
    for (let i = 0; i < 100; i++) rates.saw(calm, 100, false);
    expect(rates.of(calm, 1)).to.be.below(group / 2);
  });
});

describe('what is remembered', () => {
  it('is at most so many keys: those that were loaded last', () => {
    const keys = new KnownKeys(3);
    for (const key of [1, 2, 3, 1, 4]) keys.keep(key, KNOWN);
    expect([1, 2, 3, 4].filter((key) => keys.find(key) !== undefined)).to.deep.equal([1, 3, 4]);
    expect(keys.size).to.equal(3);
  });

  it('is at most 1,024 keys of the sample, each with the same chance', () => {
    const sample = new Sample(1_024);
    const copies = new Float64Array(1);
    for (let key = 0; key < 20_000; key++) sample.keep(key, copies, () => false);
    const kept = Array.from({ length: 20_000 }, (_, key) => key).filter(
      (key) => sample.copiesOf(key) !== undefined,
    );
    expect(kept.length).to.be.within(500, 1_024);
    expect(kept.filter((key) => key < 10_000).length).to.be.closeTo(kept.length / 2, 20);
  });

  it('leaves out keys that are not loaded any more, before it takes fewer of the others', () => {
    const sample = new Sample(1_024);
    for (let key = 0; key < 20_000; key++)
      sample.keep(key, new Float64Array(1), (k) => k < key - 500);
    expect(sample.has(19_999)).to.equal(true);
  });

  it('has the median time between changes', () => {
    const gaps = new Gaps();
    expect(gaps.medianMs).to.equal(undefined);
    for (const gap of [10, 900, 1_000, 1_023, 1e9]) gaps.add(gap);
    expect(gaps.medianMs).to.equal(724);
  });
});

describe('the learner of a group', function () {
  this.timeout(20_000);
  const MINUTE = 60_000;

  /** Lives through reads of keys, every second one of which changes at its own pace. */
  function live(
    target: Target | undefined,
    more: { isFixed?: boolean; ttlMs?: number; audit?: number } = {},
  ) {
    const { isFixed = false, ttlMs = MINUTE, audit = 0 } = more;
    let hits = 0;
    const random = seeded(3);
    const learner = new GroupLearner({ keys: new KnownKeys(100), mostTried: 100, random, target });
    const lifetimes: number[] = [];
    const ends = new Map<number, number>();
    const versions = new Map<number, number>();
    for (let at = 0; at < 250 * MINUTE; at += 5_000) {
      for (let key = 0; key < 20; key++) {
        const pace = key % 2 === 0 ? 3_000 : 40_000_000;
        if (random() < 5_000 / (pace * 10)) versions.set(key, (versions.get(key) ?? 0) + 1);
        if (at < (ends.get(key) ?? 0)) {
          learner.hit(key, 1);
          if (audit > 0 && ++hits % 40 === 0) learner.audited(random() < audit);
          continue;
        }
        const value = versions.get(key) ?? 0;
        const lifetime = learner.loaded({ key, value, at, ttlMs, isFixed, isReload: false });
        lifetimes.push(lifetime);
        ends.set(key, at + lifetime);
      }
    }
    return { learner, lifetimes, last: lifetimes.slice(-200) };
  }

  const NO_MAX = Number.POSITIVE_INFINITY;

  it('gives values that change seldom longer lifetimes, and others shorter ones', () => {
    const { last, learner } = live({ stale: 0.1, maxTtlMs: NO_MAX });
    expect(learner.survey().choice.verdict).to.equal('learned');
    expect(Math.max(...last)).to.be.above(2 * Math.min(...last));
  });

  it('leaves every lifetime alone without a target, and those that are fixed with one', () => {
    expect(new Set(live(undefined).lifetimes)).to.deep.equal(new Set([MINUTE]));
    const fixed = live({ stale: 0.1, maxTtlMs: NO_MAX }, { isFixed: true });
    expect(new Set(fixed.lifetimes)).to.deep.equal(new Set([MINUTE]));
  });

  it('takes policies with fewer stale hits when audits find more than was simulated', () => {
    const chosen = [0, 0.5].map((audit) => {
      const { learner } = live({ stale: 0.2, maxTtlMs: NO_MAX }, { audit });
      return learner.survey().choice.stale.value;
    });
    expect(chosen[0]).to.be.within(0.13, 0.2);
    expect(chosen[1]).to.be.below(0.13);
  });

  it('leaves it to the user where no lifetime that is allowed keeps the target, whatever audits find', () => {
    const { learner } = live({ stale: 0.001, maxTtlMs: NO_MAX });
    for (let i = 0; i < 200; i++) learner.audited(true);
    expect(learner.state).to.equal('misses');
    const load = { key: 99, value: 1, ttlMs: MINUTE, isFixed: false, isReload: false };
    expect(learner.loaded({ ...load, at: 251 * MINUTE })).to.equal(MINUTE);
  });

  it("never goes beyond four times the ttl, below a quarter, or beyond the user's maximum", () => {
    const { lifetimes } = live({ stale: 0.2, maxTtlMs: NO_MAX });
    expect(Math.max(...lifetimes)).to.be.at.most(4 * MINUTE);
    expect(Math.min(...lifetimes)).to.be.at.least(MINUTE / 4);
    const bounded = live({ stale: 0.2, maxTtlMs: 50_000 });
    expect(Math.max(...bounded.lifetimes)).to.equal(50_000);
  });

  it('counts a load as a look at the value only if the value was there until it expired', () => {
    const learner = new GroupLearner({
      keys: new KnownKeys(100),
      mostTried: 100,
      random: seeded(1),
    });
    const load = { key: 1, value: 1, ttlMs: MINUTE, isFixed: false, isReload: false };
    learner.loaded({ ...load, at: 0 });
    // Removed by a delete or a tag: the change was no secret of the database.
    learner.loaded({ ...load, at: 1_000, value: 2 });
    expect(learner.reloads).to.deep.equal({ same: 0, changed: 0 });
    learner.loaded({ ...load, at: 2_000, value: 2, isReload: true });
    learner.loaded({ ...load, at: 2_000 + MINUTE, value: 3 });
    expect(learner.reloads).to.deep.equal({ same: 1, changed: 1 });
    learner.changed(1);
    learner.loaded({ ...load, at: 2_000 + 3 * MINUTE, value: 4 });
    expect(learner.reloads).to.deep.equal({ same: 1, changed: 1 });
  });
});
