import { expect } from 'chai';
import { CAN_STEP_CLOCKS, SteppedRedis } from './stepped-redis.js';
import { until } from './wait.js';

const HOUR_MS = 3_600_000;

/** What a busy machine may lose between two looks at a clock. */
const SLACK_MS = 5_000;

describe('a Redis whose clock is moved', () => {
  let redis: SteppedRedis;

  before(async function () {
    if (!CAN_STEP_CLOCKS) this.skip();
    this.timeout(120_000);
    redis = await SteppedRedis.start();
  });

  afterEach(() => redis?.setClockRight());
  after(() => redis?.stop());

  const ask = (...args: string[]): Promise<unknown> => redis.server.command(...args);

  async function serverNow(): Promise<number> {
    const [seconds, micros] = (await ask('TIME')) as string[];
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  }

  it('has the right time until it is moved', async () => {
    expect(await serverNow()).to.be.closeTo(Date.now(), SLACK_MS);
  });

  it('jumps forward and back, and its TIME with it', async () => {
    redis.stepClock(HOUR_MS);
    expect(await serverNow()).to.be.closeTo(Date.now() + HOUR_MS, SLACK_MS);
    redis.stepClock(-3 * HOUR_MS);
    expect(await serverNow()).to.be.closeTo(Date.now() - 2 * HOUR_MS, SLACK_MS);
  });

  it('stands still, moves by steps alone, and runs again', async () => {
    redis.freezeClock(1_800_000_000_123.456);
    expect(await ask('TIME')).to.deep.equal(['1800000000', '123456']);
    redis.stepClock(10.001);
    expect(await ask('TIME')).to.deep.equal(['1800000000', '133457']);
    redis.setClockRight();
    const first = await serverNow();
    await until(async () => (await serverNow()) > first, 'the clock runs');
  });

  it('ends lives by the moved clock', async () => {
    await ask('SET', 'short', 'x', 'PX', `${HOUR_MS}`);
    await ask('SET', 'long', 'x', 'PX', `${3 * HOUR_MS}`);
    redis.stepClock(2 * HOUR_MS);
    expect(await ask('GET', 'short')).to.equal(null);
    expect(await ask('GET', 'long')).to.equal('x');
    expect(await ask('PTTL', 'long')).to.be.closeTo(HOUR_MS, SLACK_MS);
  });

  it('survives steps of years under load, and its scripts see them', async () => {
    const { pid } = redis.server;
    for (const years of [5, -20, 15]) {
      redis.stepClock(years * 365 * 24 * HOUR_MS);
      const [seconds] = (await ask('EVAL', "return redis.call('TIME')", '0')) as string[];
      const [outside] = (await ask('TIME')) as string[];
      expect(Number(outside) - Number(seconds)).to.be.within(0, SLACK_MS / 1_000);
      await Promise.all([...Array(50).keys()].map((i) => ask('SET', `k${i}`, 'x', 'PX', '60000')));
      // Long enough for its own periodic work, ten times a second.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await ask('PING')).to.equal('PONG');
    }
    expect(redis.server.pid).to.equal(pid);
  });

  it('keeps its clock when it is started again', async () => {
    redis.stepClock(HOUR_MS);
    await redis.server.restart();
    expect(await serverNow()).to.be.closeTo(Date.now() + HOUR_MS, SLACK_MS);
  });
});
