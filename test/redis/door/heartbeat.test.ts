import { expect } from 'chai';
import type { DoorSession } from '../../../lib/redis/door/door-session.js';
import { Heartbeat } from '../../../lib/redis/door/heartbeat.js';
import { type Failure, TIMED_OUT } from '../../../lib/redis/failure.js';
import { ManualClock, settle } from '../../support/manual-clock.js';

describe('heartbeats', () => {
  const SESSION = {} as DoorSession;

  /** A connection that answers each heartbeat at once with `verdict`, and what was sent when. */
  function scene() {
    const clock = new ManualClock();
    const sentAt: number[] = [];
    const failures: Failure[] = [];
    const server: { verdict: boolean | Failure; isNeeded: boolean } = {
      verdict: true,
      isNeeded: false,
    };
    const startedAt = clock.now();
    const heartbeat = new Heartbeat({
      clock,
      beat: async () => {
        sentAt.push(clock.now() - startedAt);
        return server.verdict;
      },
      onFailure: (failure) => failures.push(failure),
      isNeeded: () => server.isNeeded,
    });
    heartbeat.start(SESSION);
    return { clock, heartbeat, sentAt, failures, server };
  }

  /** No caller has asked for three seconds. */
  async function atRest() {
    const rest = scene();
    await rest.clock.advance(3_000);
    rest.sentAt.length = 0;
    return rest;
  }

  it('come twice a second as long as someone asks', async () => {
    const { clock, heartbeat, sentAt } = scene();
    for (let second = 0; second < 10; second++) {
      await clock.advance(1_000);
      heartbeat.isProven();
    }
    expect(sentAt).to.have.lengthOf(20);
  });

  it('come every five seconds when no caller has asked for two', async () => {
    const { clock, sentAt } = scene();
    await clock.advance(30_000);
    expect(sentAt).to.deep.equal([500, 1_000, 1_500, 6_500, 11_500, 16_500, 21_500, 26_500]);
  });

  for (const { how, ask } of [
    { how: 'asks whether the data is proven', ask: (one: Heartbeat) => one.isProven() },
    { how: 'has a look', ask: (one: Heartbeat) => one.look() },
    { how: 'asks for a proof', ask: (one: Heartbeat) => one.prove() },
  ]) {
    it(`come twice a second again, half a second after someone ${how} at the latest`, async () => {
      const { clock, heartbeat, sentAt } = await atRest();
      await clock.advance(1_234);
      void ask(heartbeat);
      const askedAt = clock.now() - 1_000;
      await clock.advance(1_500);
      const after = sentAt.filter((at) => at >= askedAt);
      expect(after[0]).to.be.at.most(askedAt + 500);
      expect((after[1] as number) - (after[0] as number)).to.equal(500);
    });
  }

  it('do not rest while they are needed', async () => {
    const { clock, sentAt, server } = scene();
    server.isNeeded = true;
    await clock.advance(10_000);
    expect(sentAt).to.have.lengthOf(20);
    server.isNeeded = false;
    await clock.advance(10_000);
    expect(sentAt.length).to.be.at.most(23);
  });

  it('do not rest after one that proved nothing', async () => {
    const { clock, sentAt, server } = await atRest();
    server.verdict = false;
    await clock.advance(10_000);
    expect(sentAt.length).to.be.above(10);
  });

  it('are sent again at once where one was not answered, also at rest', async () => {
    const { clock, sentAt, failures, server } = await atRest();
    server.verdict = TIMED_OUT;
    await clock.advance(4_000);
    expect(sentAt[0]).to.equal(6_500);
    expect(sentAt[1]).to.equal(6_501);
    expect(failures).to.not.deep.equal([]);
  });

  it('prove the data for one second, and at rest for half of one', async () => {
    const { clock, heartbeat } = scene();
    expect(await heartbeat.prove()).to.equal(true);
    await clock.advance(400);
    expect(heartbeat.isProven()).to.equal(true);
    const rest = await atRest();
    await rest.clock.advance(3_500 + 499);
    expect(rest.sentAt).to.deep.equal([6_500]);
    expect(rest.heartbeat.isProven()).to.equal(true);
    await rest.clock.advance(2);
    expect(rest.heartbeat.isProven(), 'a new one was sent').to.equal(true);
    expect(rest.sentAt).to.deep.equal([6_500, 7_000]);
    const later = await atRest();
    await later.clock.advance(3_500 + 501);
    expect(later.heartbeat.isProven(), 'nobody had asked').to.equal(false);
  });

  describe('a look', () => {
    it('sends nothing half a second after a heartbeat that was answered', async () => {
      const { clock, heartbeat, sentAt } = scene();
      await clock.advance(500);
      expect(heartbeat.look()).to.equal(undefined);
      await clock.advance(499);
      expect(heartbeat.look()).to.equal(undefined);
      await settle();
      expect(sentAt).to.deep.equal([500]);
    });

    it('sends one after a longer silence, for all who look together', async () => {
      const { clock, heartbeat, sentAt, server } = await atRest();
      await clock.advance(1_000);
      server.verdict = false;
      const looks = [heartbeat.look(), heartbeat.look()];
      expect(await Promise.all(looks)).to.deep.equal([false, false]);
      expect(sentAt).to.deep.equal([4_000]);
    });

    it('settles when the connection is lost', async () => {
      const { clock, heartbeat } = await atRest();
      await clock.advance(1_000);
      const look = heartbeat.look();
      heartbeat.stop();
      expect(await look).to.equal(false);
    });
  });
});
