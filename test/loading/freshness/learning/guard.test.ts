import { expect } from 'chai';
import { Guard } from '../../../../lib/loading/freshness/learning/guard.js';

describe('the guard of learned lifetimes', () => {
  function audit(guard: Guard, count: number, staleEvery: number): void {
    for (let i = 1; i <= count; i++) guard.audited(i % staleEvery === 0, 1);
  }

  it('cuts the lifetimes of a group when audits find clearly more than the target', () => {
    const guard = new Guard(0.01);
    audit(guard, 39, 2);
    expect(guard.factor).to.equal(1);
    audit(guard, 1, 1);
    expect(guard.factor).to.equal(0.6);
  });

  it('does not cut for what chance explains', () => {
    const guard = new Guard(0.01);
    audit(guard, 450, 75);
    audit(guard, 40, 20);
    expect(guard.factor).to.equal(1);
  });

  it('compares a share of all reads: of few hits, more may be stale', () => {
    const [few, many] = [new Guard(0.05), new Guard(0.05)];
    for (let i = 1; i <= 60; i++) {
      few.audited(i % 5 === 0, 0.2);
      many.audited(i % 5 === 0, 1);
    }
    expect([few.factor, many.factor]).to.deep.equal([1, 0.6]);
  });

  it('lets lifetimes grow again after 500 clean audits for 1 %, and never beyond what was chosen', () => {
    const guard = new Guard(0.01);
    audit(guard, 40, 2);
    audit(guard, 499, 1_000);
    expect(guard.factor).to.equal(0.6);
    audit(guard, 1, 1_000);
    expect(guard.factor).to.be.closeTo(0.69, 1e-9);
    audit(guard, 2_500, 10_000);
    expect(guard.factor).to.equal(1);
  });

  it("brings the user's lifetimes back after three cuts, and lets learning try again later", () => {
    const guard = new Guard(0.01);
    audit(guard, 80, 2);
    expect([guard.isOff, guard.factor]).to.deep.equal([false, 0.36]);
    audit(guard, 40, 2);
    expect([guard.isOff, guard.factor]).to.deep.equal([true, 1]);
    audit(guard, 299, 2);
    expect(guard.isOff).to.equal(true);
    audit(guard, 1, 2);
    expect([guard.isOff, guard.factor]).to.deep.equal([false, 1]);
  });

  it('forgets what it counted when other lifetimes are chosen', () => {
    const guard = new Guard(0.01);
    audit(guard, 39, 2);
    guard.restart();
    audit(guard, 39, 2);
    expect(guard.factor).to.equal(1);
  });
});
