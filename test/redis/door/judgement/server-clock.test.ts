import { expect } from 'chai';
import { ServerClock } from '../../../../lib/redis/door/judgement/server-clock.js';
import { ManualClock } from '../../../support/manual-clock.js';

describe('the server’s clock', () => {
  let clock: ManualClock;
  let server: ServerClock;
  const OFFSET = 5_000_000;
  beforeEach(() => {
    clock = new ManualClock();
    server = new ServerClock(clock);
  });

  async function observe(offsetMs: number, roundTripMs: number, at = 0.5): Promise<void> {
    const sentAt = clock.now();
    await clock.advance(roundTripMs);
    server.observe(sentAt + roundTripMs * at + offsetMs, sentAt);
  }
  const offset = (): number => server.now() - clock.now();
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('is the wall clock until a reply says more', () => {
    expect(server.now()).to.equal(clock.wallNow());
    expect(server.latest()).to.equal(server.now());
  });

  it('is wrong by half a round trip at most, whenever the reply was made', async () => {
    for (const at of [0, 0.3, 1]) {
      server = new ServerClock(clock);
      await observe(OFFSET, 40, at);
      expect(Math.abs(offset() - OFFSET)).to.be.at.most(20);
      expect(server.latest()).to.be.at.least(clock.now() + OFFSET);
    }
  });

  it('believes the shortest round trip', async () => {
    await observe(OFFSET, 2);
    await observe(OFFSET + 40, 100);
    expect(offset()).to.be.closeTo(OFFSET, 0.01);
    await observe(OFFSET + 0.4, 1);
    expect(offset()).to.be.closeTo(OFFSET + 0.4, 0.01);
  });

  it('believes a reply that contradicts it: a clock was set', async () => {
    await observe(OFFSET, 2);
    await observe(OFFSET + 52, 100);
    expect(offset()).to.be.closeTo(OFFSET + 52, 0.01);
    await observe(OFFSET - 60_000, 100);
    expect(offset()).to.be.closeTo(OFFSET - 60_000, 0.01);
  });

  it('believes a worse one when the best is 10 s old, and doubts itself more with time', async () => {
    await observe(OFFSET, 2);
    const early = server.errorMs;
    await clock.advance(9_000);
    expect(server.errorMs).to.be.closeTo(early + 1.8, 0.01);
    await observe(OFFSET + 3, 10);
    expect(offset()).to.be.closeTo(OFFSET, 0.01);
    await clock.advance(1_000);
    await observe(OFFSET + 3, 10);
    expect(offset()).to.be.closeTo(OFFSET + 3, 0.01);
  });

  it('believes a worse one when the best is 10 s old to the millisecond, and no sooner', async () => {
    await observe(OFFSET, 2);
    await clock.advance(9_989);
    await observe(OFFSET + 3, 10);
    expect(offset()).to.be.closeTo(OFFSET, 0.01);
    server = new ServerClock(clock);
    await observe(OFFSET, 2);
    await clock.advance(9_990);
    await observe(OFFSET + 3, 10);
    expect(offset()).to.be.closeTo(OFFSET + 3, 0.01);
  });

  it('ignores what is no time', () => {
    const before = server.now();
    server.observe(Number.NaN, clock.now());
    expect(server.now()).to.equal(before);
  });

  describe('stamps', () => {
    it('lie around the server’s time', async () => {
      await observe(OFFSET, 10);
      const { low, high } = server.stamp();
      const now = (clock.now() + OFFSET) * 1_000;
      expect(low).to.be.at.most(now - 4_999);
      expect(low).to.be.at.least(now - 5_010);
      expect(high).to.be.at.least(now + 4_999);
      expect(high).to.be.at.most(now + 5_010);
      expect(Number.isInteger(low) && Number.isInteger(high)).to.equal(true);
    });

    it('are shared by the calls of a turn, and grow from turn to turn', async () => {
      await observe(OFFSET, 10);
      const first = server.stamp();
      expect(server.stamp()).to.equal(first);
      await nextTurn();
      const second = server.stamp();
      expect(second.low).to.be.above(first.low);
      expect(second.high).to.be.above(first.high);
    });

    it('begin again with a new turn', async () => {
      const first = server.stamp();
      server.newTurn();
      expect(server.stamp().low).to.be.above(first.low);
    });

    it('lie above the floor, at once', async () => {
      await observe(OFFSET, 10);
      const { high } = server.stamp();
      server.raiseFloor(high);
      const next = server.stamp();
      expect(next.low).to.equal(high + 1);
      expect(next.high).to.be.above(high);
    });

    it('do not go back with a clock that was set back by less than a second', async () => {
      await observe(OFFSET, 2);
      const first = server.stamp();
      await nextTurn();
      await observe(OFFSET - 900, 2);
      expect(server.stamp().low).to.equal(first.low + 1);
    });

    it('go back with a clock that was set back further: what lies there counts for nothing', async () => {
      await observe(OFFSET, 2);
      server.stamp();
      await nextTurn();
      await observe(OFFSET - 3_600_000, 2);
      const now = (clock.now() + OFFSET - 3_600_000) * 1_000;
      expect(server.stamp().low).to.be.closeTo(now, 2_000);
    });

    it('leave a wrong local clock with the first reply', async () => {
      server.stamp();
      await nextTurn();
      await observe(clock.wallNow() - clock.now() - 3_600_000, 2);
      const { high } = server.stamp();
      expect(high).to.be.below(clock.wallNow() * 1_000 - 3_500_000_000);
    });
  });
});
