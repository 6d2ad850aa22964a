import { expect } from 'chai';
import { CheckRunner } from '../../../lib/health/checker/check-runner.js';
import type { CheckFunction, CheckResult } from '../../../lib/health/types.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { gate, outcomeOf } from '../../support/promises.js';

describe('a check', () => {
  function runnerOf(
    check: CheckFunction,
    maxAgeMs = 1_000,
  ): { runner: CheckRunner; clock: ManualClock; verdicts: CheckResult[] } {
    const clock = new ManualClock();
    const verdicts: CheckResult[] = [];
    const config = { name: 'database', check, critical: true, timeoutMs: 800 };
    const runner = new CheckRunner(config, {
      clock,
      maxAgeMs,
      onVerdict: (result) => verdicts.push(result),
    });
    return { runner, clock, verdicts };
  }

  it('is run once for all who ask within a second', async () => {
    let runs = 0;
    const { runner, clock } = runnerOf(() => ++runs);
    await runner.verdict();
    await clock.advance(999);
    await runner.verdict();
    expect(runs).to.equal(1);
    await clock.advance(1);
    await runner.verdict();
    expect(runs).to.equal(2);
  });

  it('is joined by those who ask while it runs, who hear that it is up', async () => {
    let runs = 0;
    const ping = gate<string>();
    const { runner, clock } = runnerOf(() => {
      runs++;
      return ping.promise;
    });
    const answers = Array.from({ length: 10 }, () => runner.verdict());
    await clock.advance(500);
    const late = runner.verdict();
    ping.open('PONG');
    for (const answer of [...answers, late]) expect(await answer).to.deep.equal({ status: 'up' });
    expect(runs).to.equal(1);
  });

  it('is down when it takes too long, and its signal is aborted', async () => {
    let signal: AbortSignal | undefined;
    const { runner, clock } = runnerOf((context) => {
      signal = context.signal;
      return new Promise(() => {});
    });
    const answer = runner.verdict();
    await clock.advance(799);
    expect(await outcomeOf(answer)).to.equal('pending');
    await clock.advance(1);
    expect(await answer).to.deep.equal({
      status: 'down',
      code: 'timeout',
      message: 'no answer within 800 ms',
    });
    expect(signal?.aborted).to.equal(true);
  });

  it('is not run again while it hangs, by however many probes', async () => {
    let runs = 0;
    const { runner, clock } = runnerOf(() => {
      runs++;
      return new Promise(() => {});
    });
    const first = runner.verdict();
    await clock.advance(800);
    await first;
    for (let i = 0; i < 500; i++) {
      await clock.advance(20);
      expect((await runner.verdict()).status).to.equal('down');
    }
    expect(runs).to.equal(1);
  });

  it('is not called up by an old verdict while the event loop holds its timeout up', async () => {
    const answers = ['PONG', new Promise(() => {})];
    const { runner, clock } = runnerOf(() => answers.shift());
    expect((await runner.verdict()).status).to.equal('up');
    await clock.advance(1_000);
    const second = runner.verdict();
    // The loop was busy: the timer is late and starts again, and the next probe is there already.
    clock.jump(900);
    const third = runner.verdict();
    await clock.advance(900);
    expect([(await second).status, (await third).status]).to.deep.equal(['down', 'down']);
  });

  it('says for how long it has been asked for, not what it said before', async () => {
    const answers = ['PONG', new Promise(() => {})];
    const { runner, clock } = runnerOf(() => answers.shift());
    await runner.verdict();
    await clock.advance(1_000);
    const hanging = runner.verdict();
    await clock.advance(800);
    await hanging;
    await clock.advance(5_000);
    expect(runner.fresh()).to.equal(undefined);
    expect((await runner.verdict()).code).to.equal('timeout');
  });

  it('is up again with the next probe after a hang has ended', async () => {
    const pings = [gate<string>(), gate<string>()];
    let runs = 0;
    const { runner, clock } = runnerOf(() => pings[runs++]?.promise);
    const first = runner.verdict();
    await clock.advance(5_000);
    expect((await first).status).to.equal('down');
    expect((await runner.verdict()).status).to.equal('down');
    pings[0]?.open('late');
    await settle();
    pings[1]?.open('PONG');
    expect((await runner.verdict()).status).to.equal('up');
  });

  it('is abandoned after 30 s of hanging, and the next time after 60 s', async () => {
    let runs = 0;
    const { runner, clock } = runnerOf(() => {
      runs++;
      return new Promise(() => {});
    });
    void runner.verdict();
    const probe = async (ms: number): Promise<number> => {
      await clock.advance(ms);
      void runner.verdict();
      await clock.advance(0);
      return runs;
    };
    expect(await probe(29_000)).to.equal(1);
    expect(await probe(1_001)).to.equal(2);
    expect(await probe(59_000)).to.equal(2);
    expect(await probe(1_001)).to.equal(3);
  });

  it('reports each verdict once', async () => {
    const { runner, verdicts } = runnerOf(() => false);
    await Promise.all([runner.verdict(), runner.verdict()]);
    expect(verdicts).to.have.length(1);
  });

  it('may throw at once', async () => {
    const { runner } = runnerOf(() => {
      throw new Error('at once');
    });
    expect(await runner.verdict()).to.deep.equal({ status: 'down', message: 'at once' });
  });

  it('is not called down because the event loop was busy', async () => {
    const { systemClock } = await import('../../../lib/core/time/clock.js');
    const config = {
      name: 'database',
      critical: true,
      timeoutMs: 60,
      // Answers after 10 ms through a real timer; the loop is blocked meanwhile.
      check: () => new Promise((resolve) => setTimeout(resolve, 10, 'PONG')),
    };
    for (let round = 0; round < 2; round++) {
      const runner = new CheckRunner(config, { clock: systemClock, maxAgeMs: 0, onVerdict() {} });
      const answer = runner.verdict();
      await new Promise((resolve) => setImmediate(resolve));
      const until = performance.now() + 120;
      while (performance.now() < until);
      expect((await answer).status).to.equal('up');
    }
  });
});
