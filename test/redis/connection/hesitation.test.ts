import { expect } from 'chai';
import { lagOf } from '../../../lib/core/time/lag.js';
import { Hesitation } from '../../../lib/redis/connection/hesitation.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('a hesitation of Redis', () => {
  const scene = (commandTimeoutMs = 100) => {
    const clock = new ManualClock();
    const sent: { readonly sentAt: number }[] = [];
    let begun = 0;
    const hesitation = new Hesitation({
      clock,
      commandTimeoutMs,
      oldest: () => sent[0],
      onBegin: () => begun++,
    });
    return {
      clock,
      hesitation,
      begun: () => begun,
      send: () => {
        sent.push({ sentAt: clock.now() });
        hesitation.sent();
      },
      answer: () => {
        const oldest = sent.shift();
        hesitation.answered(clock.now() - (oldest?.sentAt ?? 0));
      },
      /** Without an answer. */
      expire: () => sent.shift(),
    };
  };

  it('begins when the oldest command has waited a quarter of commandTimeout, once', async () => {
    const { clock, hesitation, begun, send } = scene();
    send();
    await clock.advance(10);
    send();
    await clock.advance(14);
    expect([hesitation.isOn, begun()]).to.deep.equal([false, 0]);
    await clock.advance(1);
    expect([hesitation.isOn, begun()]).to.deep.equal([true, 1]);
    await clock.advance(70);
    expect([hesitation.isOn, begun()]).to.deep.equal([true, 1]);
  });

  it('begins after 250 ms where commandTimeout is long', async () => {
    const { clock, begun, send } = scene(30_000);
    send();
    await clock.advance(249);
    expect(begun()).to.equal(0);
    await clock.advance(1);
    expect(begun()).to.equal(1);
  });

  it('ends with the next answer, and may begin again', async () => {
    const { clock, hesitation, begun, send, answer } = scene();
    send();
    await clock.advance(30);
    answer();
    expect(hesitation.isOn).to.equal(false);
    await clock.advance(100);
    for (let i = 0; i < 40; i++) {
      send();
      answer();
    }
    send();
    await clock.advance(60);
    expect([hesitation.isOn, begun()]).to.deep.equal([true, 2]);
  });

  it('ends when nothing waits any more', async () => {
    const { clock, hesitation, send, expire } = scene();
    send();
    await clock.advance(99);
    expect(hesitation.isOn).to.equal(true);
    expire();
    await clock.advance(100);
    expect([hesitation.isOn, clock.pending]).to.deep.equal([false, 0]);
  });

  it('begins later where answers usually take longer, or sometimes do', async () => {
    const { clock, begun, send, answer } = scene();
    const answerAfter = async (ms: number): Promise<void> => {
      send();
      await clock.advance(ms);
      answer();
    };
    for (let i = 0; i < 40; i++) await answerAfter(i % 2 === 0 ? 40 : 50);
    const earlier = begun();
    send();
    await clock.advance(55);
    expect(begun()).to.equal(earlier);
    await clock.advance(25);
    expect(begun()).to.equal(earlier + 1);
  });

  it('is not what a busy event loop looks like', async () => {
    const { clock, begun, send, answer } = scene();
    send();
    clock.jump(300);
    await clock.advance(5);
    answer();
    expect(begun()).to.equal(0);
  });

  it('keeps no timer when the connection ends', async () => {
    const { clock, hesitation, send } = scene();
    send();
    hesitation.cancel();
    expect(clock.pending).to.equal(0);
  });

  describe('how long callers wait', () => {
    const answerMany = async (
      { clock, send, answer }: ReturnType<typeof scene>,
      answers: { readonly count: number; readonly ms: number },
    ): Promise<void> => {
      for (let i = 0; i < answers.count; i++) {
        send();
        await clock.advance(answers.ms);
        answer();
      }
    };

    it('is commandTimeout until sixteen answers have shown what is usual, and half of it then', async () => {
      const own = scene();
      await answerMany(own, { count: 15, ms: 1 });
      expect(own.hesitation.callersPatienceMs).to.equal(100);
      await answerMany(own, { count: 1, ms: 1 });
      expect(own.hesitation.callersPatienceMs).to.equal(50);
    });

    it('is four deviations more than usual, and commandTimeout at most', async () => {
      const own = scene();
      await answerMany(own, { count: 60, ms: 70 });
      expect(own.hesitation.callersPatienceMs).to.be.within(70, 80);
      await answerMany(own, { count: 1, ms: 10 });
      expect(own.hesitation.callersPatienceMs).to.equal(100);
    });

    it('is longer while our own timers are late', async () => {
      const own = scene();
      await answerMany(own, { count: 20, ms: 1 });
      lagOf(own.clock).observe(6);
      expect(own.hesitation.callersPatienceMs).to.equal(80);
      lagOf(own.clock).observe(20);
      expect(own.hesitation.callersPatienceMs).to.equal(100);
    });
  });
});
