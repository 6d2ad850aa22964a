import { expect } from 'chai';
import { TestClock } from '../../lib/testing/test-clock.js';

describe('the clock of a test', () => {
  let clock: TestClock;
  let seen: string[];

  beforeEach(() => {
    clock = new TestClock();
    seen = [];
  });

  const see = (word: string) => (): void => void seen.push(`${word} ${clock.now()}`);

  it('begins with the time of day, and stands still', async () => {
    expect(Math.abs(clock.wallNow() - Date.now())).to.be.below(60_000);
    const began = clock.wallNow();
    await new Promise((resolve) => setTimeout(resolve, 3));
    expect([clock.now(), clock.idleTime(), clock.wallNow()]).to.deep.equal([0, 0, began]);
    await clock.advance(5);
    expect([clock.now(), clock.idleTime(), clock.wallNow()]).to.deep.equal([5, 5, began + 5]);
  });

  it('fires timers in the order of their times, then of their starts', async () => {
    clock.setTimer(see('c'), 20);
    clock.setTimer(see('a'), 10);
    clock.setTimer(see('b'), 10);
    clock.setTimer(see('late'), 21);
    clock.setTimer(see('cancelled'), 5).cancel();
    await clock.advance(20);
    expect(seen).to.deep.equal(['a 10', 'b 10', 'c 20']);
    await clock.advance(1);
    expect(seen.at(-1)).to.equal('late 21');
  });

  it('fires a timer that starts itself again once in a millisecond', async () => {
    const again = (): void => {
      see('tick')();
      clock.setTimer(again, 0);
    };
    clock.setTimer(again, 0);
    await clock.advance(3);
    expect(seen).to.deep.equal(['tick 1', 'tick 2', 'tick 3']);
  });

  it('lets everything that follows from a timer happen before the next one', async () => {
    clock.setTimer(async () => {
      for (let i = 0; i < 100; i++) await undefined;
      clock.afterPoll(() => {
        clock.endOfTurn(() => {
          clock.afterPoll(see('followed'));
        });
      });
    }, 10);
    clock.setTimer(see('next'), 11);
    await clock.advance(20);
    expect(seen).to.deep.equal(['followed 10', 'next 11']);
  });

  it('moves on in the order of the calls, each from where the last one ended', async () => {
    clock.setTimer(see('timer'), 15);
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect([...seen, clock.now()]).to.deep.equal(['timer 15', 20]);
  });

  it('goes on after a timer whose callback throws', async () => {
    clock.setTimer(() => {
      throw new Error('no');
    }, 10);
    const failed = await clock.advance(20).catch((error) => error.message);
    await clock.advance(20);
    expect([failed, clock.now()]).to.deep.equal(['no', 30]);
  });

  it('moves by itself from deadline to deadline of Redis, as long as Redis is silent', async () => {
    const ofRedis = clock.ofRedis();
    let isSilent = true;
    clock.setTimer(see('own'), 50);
    ofRedis.setTimer(see('background'), 60);
    ofRedis.setTimer(see('first deadline'), 100, { ref: true });
    await new Promise<void>((resolve) => {
      ofRedis.setTimer(
        () => {
          see('second deadline')();
          isSilent = false;
          resolve();
        },
        200,
        { ref: true },
      );
      ofRedis.setTimer(see('third deadline'), 300, { ref: true });
      clock.passWhile(() => isSilent);
      clock.passWhile(() => isSilent);
    });
    await clock.advance(0);
    expect(seen).to.deep.equal([
      'own 50',
      'background 60',
      'first deadline 100',
      'second deadline 200',
    ]);
    expect(ofRedis.now()).to.equal(200);
  });
});
