import { expect } from 'chai';
import { AuditGroup } from '../../../lib/loading/freshness/audit-group.js';
import { ratioOf } from '../../../lib/loading/freshness/stale-ratio.js';

describe('the interval of a share', () => {
  /** Whole numbers, and what differently weighted audits amount to. */
  const SAMPLE_SIZES = [
    ...Array.from({ length: 3_000 }, (_, i) => i + 1),
    ...Array.from({ length: 3_000 }, (_, i) => 1 + i * 0.37),
    ...[1e4, 123_457, 1e6, 98_765_431, 1e9, 1e12, 1e15],
  ];
  const QUANTILES = [1.6449, 1.96, 2, 2.5758];

  it("is Wilson's", () => {
    const { value, low, high } = ratioOf(0.03, 100) ?? { value: 0, low: 0, high: 0 };
    expect([value, low.toFixed(4), high.toFixed(4)]).to.deep.equal([0.03, '0.0103', '0.0845']);
  });

  it('says something of nothing found, too, and nothing of nothing counted', () => {
    expect(ratioOf(0, 50)?.high).to.be.within(0.07, 0.08);
    expect(ratioOf(1, 50)?.low).to.be.within(0.92, 0.93);
    expect(ratioOf(0, 0)).to.equal(undefined);
  });

  it('begins at exactly 0 where nothing was found, whatever the sample', () => {
    const wrong = samplesWithout((of, z) => Object.is(ratioOf(0, of, z)?.low, 0));
    expect(wrong).to.deep.equal([]);
  });

  it('ends at exactly 1 where everything was found, whatever the sample', () => {
    const wrong = samplesWithout((of, z) => ratioOf(1, of, z)?.high === 1);
    expect(wrong).to.deep.equal([]);
  });

  it('holds the share, and only shares', () => {
    const wrong = samplesWithout((of, z) =>
      [0, 1e-15, 1 / of, 0.5, 1 - 1 / of, 1 - 1e-15, 1].every((share) => {
        const { low, high } = ratioOf(share, of, z) ?? { low: 1, high: 0 };
        return 0 <= low && low <= share && share <= high && high <= 1;
      }),
    );
    expect(wrong).to.deep.equal([]);
  });

  /** The samples for which something does not hold. */
  function samplesWithout(holds: (of: number, z: number) => boolean): readonly string[] {
    return QUANTILES.flatMap((z) =>
      SAMPLE_SIZES.filter((of) => !holds(of, z)).map((of) => `${of} with ${z}`),
    );
  }
});

describe('the audits of a group', () => {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };

  /** Lives through hits and loads; returns the number of audits. */
  function live(group: AuditGroup, hitsPerLoad: number, loads: number): number {
    let audits = 0;
    for (let i = 0; i < loads * hitsPerLoad; i++) {
      if (i % hitsPerLoad === 0) group.loaded();
      const standsFor = group.hit(1);
      if (standsFor === 0) continue;
      audits++;
      group.loaded();
      group.audited(false, standsFor);
    }
    return audits;
  }

  it('are 5 % of loads at most, besides the first 100', () => {
    for (const hitsPerLoad of [1, 3, 30]) {
      const group = new AuditGroup('a', random);
      const audits = live(group, hitsPerLoad, 20_000);
      expect(audits).to.be.at.most(0.05 * group.metrics.loads + 100);
      expect(audits).to.be.at.least(0.03 * 20_000);
    }
  });

  it('are no more when loads have stopped', () => {
    const group = new AuditGroup('a', random);
    live(group, 1, 2_000);
    for (let i = 0; i < 400_000; i++) {
      const standsFor = group.hit(1);
      if (standsFor > 0) group.audited(false, standsFor);
    }
    const { audits, loads } = group.metrics;
    expect(audits.fresh).to.be.at.most(0.05 * loads + 100);
  });

  it('are half of that after 500, without a pause', () => {
    const group = new AuditGroup('a', random);
    const before = live(group, 3, 20_000);
    const then = live(group, 3, 20_000);
    const later = live(group, 3, 20_000);
    expect(before).to.be.within(600, 900);
    expect(then).to.be.within(350, 500);
    expect(later).to.be.within(350, 500);
  });

  it('are one hit in 1,000 until there are 100, where loads are rare', () => {
    const group = new AuditGroup('a', random);
    const audits = live(group, 100_000, 3);
    expect(audits).to.be.within(70, 115);
  });

  it('show the share of stale hits with its interval', () => {
    const group = new AuditGroup('a', random);
    for (let i = 0; i < 100; i++) group.audited(i < 3, 1);
    const { audits, staleRatio } = group.metrics;
    expect(audits).to.deep.equal({ fresh: 97, stale: 3 });
    expect(staleRatio?.value).to.be.closeTo(0.03, 1e-9);
  });

  it('leave no doubt at the end that all of them, or none of them, are at', () => {
    for (let audits = 1; audits <= 500; audits++) {
      const [none, all] = [new AuditGroup('a', random), new AuditGroup('a', random)];
      for (let i = 0; i < audits; i++) {
        const standsFor = 1 + 9 * random();
        none.audited(false, standsFor);
        all.audited(true, standsFor);
      }
      expect(none.metrics.staleRatio).to.include({ value: 0, low: 0 });
      expect(all.metrics.staleRatio).to.include({ value: 1, high: 1 });
    }
  });

  it('count for more where hits are audited less often, and a few never decide', () => {
    const group = new AuditGroup('a', random);
    for (let i = 0; i < 100; i++) group.audited(i < 50, i < 50 ? 1 : 2);
    expect(group.metrics.staleRatio?.value).to.be.closeTo(1 / 3, 0.01);
    for (let i = 0; i < 3; i++) group.audited(true, 1e6);
    expect(group.metrics.staleRatio?.value).to.be.below(0.4);
    expect(group.metrics.staleRatio?.high).to.be.below(0.5);
  });
});
