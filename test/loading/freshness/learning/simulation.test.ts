import { expect } from 'chai';
import { choose } from '../../../../lib/loading/freshness/learning/choice.js';
import { Frontier } from '../../../../lib/loading/freshness/learning/frontier.js';
import {
  clamp,
  type KeyState,
  OWN,
  POLICIES,
  type Policy,
} from '../../../../lib/loading/freshness/learning/policies.js';
import { newCopies, Simulation } from '../../../../lib/loading/freshness/learning/simulation.js';
import { TypicalKey } from '../../../../lib/loading/freshness/learning/typical-key.js';

const fixedPlace = (factor: number): number =>
  POLICIES.findIndex((policy) => policy.tilt === 'none' && policy.factor === factor);

describe('the policies', () => {
  it("have the user's own lifetimes, and none twice", () => {
    expect(POLICIES[OWN]).to.deep.equal({ tilt: 'none', factor: 1 });
    expect(new Set(POLICIES.map((policy) => JSON.stringify(policy))).size).to.equal(
      POLICIES.length,
    );
  });

  it('stay between a quarter and four times the ttl', () => {
    expect([clamp(1, 100), clamp(90, 100), clamp(9_999, 100)]).to.deep.equal([25, 90, 400]);
  });
});

describe('the simulation of an interval', () => {
  const typical = new TypicalKey();
  const state: KeyState = { ageMs: 1_000, changesPerMs: 0.001, readsPerMs: 1 };
  typical.add(state);

  /** Loads and stale reads of a policy, for a key that is read each millisecond. */
  function outcome(place: number, changedAt?: number, to = 1_000): readonly [number, number] {
    const copies = newCopies(0, 100, ({ factor }) => factor * 100);
    const times = { from: 0, to, changedAt: changedAt === undefined ? [] : [changedAt] };
    const interval = { ...state, ...times, lastChangeAt: -1_000, ttlMs: 100 };
    const { loads, stale } = new Simulation(typical).run(copies, interval);
    return [loads[place] ?? 0, stale[place] ?? 0];
  }

  it('loads with the first read after the end', () => {
    expect(outcome(OWN)[0]).to.equal(9);
    expect(outcome(fixedPlace(4), undefined)[0]).to.equal(2);
    expect(outcome(fixedPlace(1 / 4), undefined)[0]).to.equal(38);
  });

  it('counts the reads between a change and the end of the copy as stale', () => {
    expect(outcome(OWN, 40)[1]).to.equal(60);
    expect(outcome(fixedPlace(4), 40)[1]).to.equal(360);
    expect(outcome(fixedPlace(1 / 4), 40)[1]).to.equal(11);
    expect(outcome(OWN)[1]).to.equal(0);
  });

  it('goes on where the interval before ended', () => {
    const copies = newCopies(0, 100, ({ factor }) => factor * 100);
    const simulation = new Simulation(typical);
    const stale: number[] = [];
    for (const [from, changedAt] of [
      [0, [20]],
      [50, []],
    ] as const) {
      const interval = { ...state, from, to: from + 50, changedAt, lastChangeAt: -1, ttlMs: 100 };
      stale.push(simulation.run(copies, interval).stale[OWN] ?? 0);
    }
    expect(stale).to.deep.equal([30, 50]);
  });

  it('ends for a key that was not read for ages', () => {
    expect(outcome(OWN, 40, 1e9)[0]).to.be.at.most(64);
  });
});

describe('the choice', () => {
  type Cost = (policy: Policy) => readonly [loads: number, stale: number];

  /** A group in which each policy has these loads and stale reads of 100 reads in each interval. */
  function frontier(cost: Cost, intervals = 400): Frontier {
    const made = new Frontier(4_000);
    const loads = Float64Array.from(POLICIES, (policy) => cost(policy)[0]);
    const stale = Float64Array.from(POLICIES, (policy) => cost(policy)[1]);
    for (let i = 0; i < intervals; i++) made.add({ loads, stale }, 100, i % 4 === 0);
    return made;
  }

  function chosen(cost: Cost, target: number, more: { intervals?: number; recent?: Cost } = {}) {
    const recent = frontier(more.recent ?? cost, 100);
    const long = frontier(cost, more.intervals);
    return choose({ long, recent, target, present: 'none' });
  }

  const fixed: Cost = ({ tilt, factor }) => (tilt === 'none' ? [10 / factor, factor] : [1_000, 50]);

  it('takes the longest lifetimes that keep the target, between those that were simulated', () => {
    const { factor, verdict, loadsPerRead } = chosen(fixed, 0.02);
    expect(verdict).to.equal('learned');
    expect(factor).to.be.within(1.9, 2);
    expect(loadsPerRead).to.be.closeTo(0.1 / factor, 0.001);
  });

  it('takes the tilt with the fewest loads', () => {
    const tilted: Cost = ({ tilt, factor }) => [(tilt === 'cost' ? 5 : 10) / factor, factor];
    expect(chosen(tilted, 0.02).tilt).to.equal('cost');
  });

  it("shortens lifetimes when the user's miss the target", () => {
    expect(chosen(fixed, 0.0065)).to.include({ verdict: 'learned' });
    expect(chosen(fixed, 0.0065).factor).to.be.within(0.6, 0.66);
  });

  it('takes the shortest lifetimes if they come near the target, and otherwise leaves it to the user', () => {
    expect(chosen(fixed, 0.0023)).to.include({ verdict: 'learned', factor: 0.25 });
    expect(chosen(fixed, 0.002)).to.include({ verdict: 'misses', factor: 1 });
  });

  it("keeps the user's lifetimes for less than a tenth of the loads", () => {
    const little: Cost = ({ factor }) =>
      factor === 1.6 ? [9.5, 1] : factor < 1.6 ? [10, 1] : [9.4, 5];
    expect(chosen(little, 0.02)).to.include({ verdict: 'keeps', factor: 1 });
  });

  it('waits until it has seen enough loads and changes', () => {
    expect(chosen(fixed, 0.02, { intervals: 199 })).to.include({ verdict: 'waits', factor: 1 });
    expect(chosen(fixed, 0.02, { intervals: 0 })).to.include({ verdict: 'waits', factor: 1 });
  });

  it('takes nothing that was clearly too stale of late', () => {
    const worse: Cost = (policy) => [fixed(policy)[0], 3 * fixed(policy)[1]];
    expect(chosen(fixed, 0.02, { recent: worse }).factor).to.be.within(0.6, 0.7);
  });

  it('forgets old intervals', () => {
    const made = new Frontier(100);
    const [loads, before, later] = [50, 50, 2].map((n) =>
      new Float64Array(POLICIES.length).fill(n),
    );
    const outcomes = (stale = new Float64Array()) => ({ loads: loads ?? stale, stale });
    for (let i = 0; i < 3_000; i++) made.add(outcomes(i < 2_000 ? before : later), 100, false);
    expect(made.stale(OWN).value).to.be.closeTo(0.02, 0.001);
  });
});
