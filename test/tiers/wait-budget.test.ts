import { expect } from 'chai';
import { WaitBudget } from '../../lib/tiers/wait-budget.js';
import { ManualClock, settle } from '../support/manual-clock.js';

class BusyClock extends ManualClock {
  busyMs = 0;

  override idleTime(): number {
    return super.idleTime() - this.busyMs;
  }
}

function build() {
  const clock = new BusyClock();
  const budget = new WaitBudget(clock, 1_000);
  const answerIn = (ms: number) =>
    new Promise<string>((resolve) => {
      clock.setTimer(() => resolve('answer'), ms);
    });
  return { clock, budget, answerIn };
}

describe('WaitBudget', () => {
  it('lets short waits be free', async () => {
    const { clock, budget, answerIn } = build();
    for (let i = 0; i < 10; i++) {
      const answer = budget.spend(answerIn(250), 'late');
      await clock.advance(250);
      expect(await answer).to.equal('answer');
    }
    expect(budget.isSpent).to.equal(false);
    expect(clock.pending).to.equal(0);
  });

  it('ends the wait when the rest has passed', async () => {
    const { clock, budget, answerIn } = build();
    const first = budget.spend(answerIn(600), 'late');
    await clock.advance(600);
    expect(await first).to.equal('answer');
    const second = budget.spend(answerIn(500), 'late');
    await clock.advance(400);
    expect(await second).to.equal('late');
    expect(budget.isSpent).to.equal(true);
    expect(await budget.spend(Promise.resolve('at hand'), 'late')).to.equal('at hand');
    const third = budget.charge(new Promise<string>(() => {}), 'late');
    await clock.advance(5);
    expect(await third).to.equal('late');
  });

  it('leaves a single command with the whole budget to its own deadline', async () => {
    const { clock, budget, answerIn } = build();
    const first = budget.charge(answerIn(1_100), 'late');
    await clock.advance(1_100);
    expect(await first).to.equal('answer');
    expect(budget.isSpent).to.equal(true);
  });

  it('charges calls that wait together once', async () => {
    const { clock, budget, answerIn } = build();
    const all = [300, 300, 400].map((ms) => budget.spend(answerIn(ms), 'late'));
    await clock.advance(400);
    await Promise.all(all);
    const more = budget.spend(answerIn(590), 'late');
    await clock.advance(590);
    expect(await more).to.equal('answer');
    const late = budget.spend(answerIn(300), 'late');
    await clock.advance(20);
    expect(await late).to.equal('late');
  });

  it('does not charge time in which the process was busy', async () => {
    const { clock, budget, answerIn } = build();
    const answer = budget.spend(answerIn(1_500), 'late');
    clock.busyMs = 800;
    await clock.advance(1_500);
    expect(await answer).to.equal('answer');
    expect(budget.isSpent).to.equal(false);
    expect(clock.pending).to.equal(0);
  });

  it('runs for one of many only while none is answered', async () => {
    const { clock, budget, answerIn } = build();
    const times = [200, 400, 600, 800, 1_000, 1_200, 1_400];
    const all = times.map((ms) => budget.spendInSilence(answerIn(ms), 'late'));
    const late = budget.spendInSilence(new Promise<string>(() => {}), 'late');
    await clock.advance(2_390);
    expect(await Promise.all(all)).to.deep.equal(times.map(() => 'answer'));
    expect(budget.isSpent).to.equal(false);
    await clock.advance(20);
    expect(await late).to.equal('late');
  });

  it('keeps no timer of a wait that has ended', async () => {
    const { clock, budget } = build();
    let answer = (_: string): void => {};
    const wait = budget.spend(
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
      'late',
    );
    clock.busyMs = 900;
    clock.jump(1_000);
    answer('answer');
    expect(await wait).to.equal('answer');
    await settle();
    expect(clock.pending).to.equal(0);
  });
});
