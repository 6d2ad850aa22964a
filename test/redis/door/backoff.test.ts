import { expect } from 'chai';
import fc from 'fast-check';
import { Backoff } from '../../../lib/redis/door/backoff.js';

/** Without jitter: the longest that the pause may be. */
const longest = (backoff: Backoff, now: number, hasWork = false): number =>
  backoff.pauseMs(now, { hasWork, random: 1 });

describe('the pause before Redis is tried again', () => {
  it('is an eighth of the trouble so far, from 50 ms to 5 s', () => {
    const backoff = new Backoff(1_000);
    const pauses = [1_000, 1_400, 5_000, 41_000, 1_000_000].map((now) => longest(backoff, now));
    expect(pauses).to.deep.equal([50, 50, 500, 5_000, 5_000]);
  });

  it('is less by a random half at most', () => {
    const trouble = fc.double({ min: 0, max: 1e9, noNaN: true });
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(trouble, chance, (ms, random) => {
        const backoff = new Backoff(0);
        const most = longest(backoff, ms);
        const pause = backoff.pauseMs(ms, { hasWork: false, random });
        return pause >= most / 2 && pause <= most;
      }),
    );
  });

  it('begins again after 5 healthy seconds', () => {
    const backoff = new Backoff(0);
    backoff.returns(60_000, 54_999);
    expect(longest(backoff, 64_000)).to.equal(500);
  });

  it('goes on growing where Redis comes and goes, less four times the time in which it was there', () => {
    const backoff = new Backoff(0);
    backoff.returns(8_500, 8_000);
    // 8 s of trouble, less 2 s, and 2 s more.
    expect(longest(backoff, 10_500)).to.equal(1_000);
  });

  it('does not count healthy time as an outage', () => {
    const backoff = new Backoff(0);
    backoff.returns(4_900, 10);
    expect(longest(backoff, 4_900)).to.equal(50);
    expect(longest(backoff, 8_900)).to.equal(500);
  });

  it('grows for one that is lost as soon as it is back', () => {
    const backoff = new Backoff(0);
    let now = 0;
    for (let attempts = 0; attempts < 50; attempts++) {
      now += longest(backoff, now);
      backoff.returns(now + 1, now);
      now += 1;
    }
    expect(longest(backoff, now)).to.be.above(200);
  });

  it('is 500 ms at most while something waits to be replayed: the settling time counts on it', () => {
    const backoff = new Backoff(0);
    expect(longest(backoff, 1_000_000)).to.equal(5_000);
    expect(longest(backoff, 1_000_000, true)).to.equal(500);
    expect(longest(backoff, 1_000, true)).to.equal(125);
  });
});
