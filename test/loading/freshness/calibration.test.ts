import { expect } from 'chai';
import { Calibration } from '../../../lib/loading/freshness/calibration.js';

describe('the calibration of the simulation', () => {
  /** Audits, one in so many of which finds a stale hit, where the simulation foretold one in 50. */
  function audited(count: number, staleEvery: number): Calibration {
    const calibration = new Calibration();
    for (let i = 1; i <= count; i++) calibration.audited(i % staleEvery === 0, 1 / 50);
    return calibration;
  }

  it('says nothing before audits, and nothing when they find what was foretold', () => {
    expect(new Calibration().factor).to.equal(1);
    expect(audited(2_000, 50).factor).to.be.closeTo(1, 0.05);
  });

  it('makes shares higher when audits find more, twice as high at most', () => {
    expect(audited(1_000, 33).factor).to.be.within(1.2, 1.5);
    expect(audited(5_000, 5).factor).to.equal(2);
  });

  it('makes them lower when audits clearly find fewer, by a third at most', () => {
    expect(audited(1_000, 65).factor).to.equal(1);
    expect(audited(3_000, 100).factor).to.be.within(0.7, 0.95);
    expect(audited(5_000, 10_000).factor).to.equal(2 / 3);
  });

  it('follows what is found of late', () => {
    const calibration = audited(3_000, 20);
    for (let i = 1; i <= 6_000; i++) calibration.audited(i % 50 === 0, 1 / 50);
    expect(calibration.factor).to.be.below(1.1);
  });
});
