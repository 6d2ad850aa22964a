import { expect } from 'chai';
import { Patience, type Waiting } from '../../../lib/redis/commands/reads/patience.js';
import { ManualClock } from '../../support/manual-clock.js';

const MB = 1_000_000;

interface Group extends Waiting {
  isOver: boolean;
}

describe('the patience of single reads, while a large value arrives', () => {
  let clock: ManualClock;
  let arrived: number;
  let ended: Group[];
  let patience: Patience<Group>;
  beforeEach(() => {
    clock = new ManualClock();
    arrived = 0;
    ended = [];
    patience = new Patience<Group>({
      clock,
      patienceMs: () => 100,
      arrived: () => arrived,
      giveUp: (group) => ended.push(group),
    });
  });

  const wait = (isSent = true): Group => {
    const group = { idleAt: clock.idleTime(), isOver: false, isSent };
    patience.add(group);
    return group;
  };

  it('lasts as long as 10 MB a second arrive', async () => {
    const group = wait();
    for (let ms = 0; ms < 1_000; ms += 25) {
      arrived += 0.25 * MB;
      await clock.advance(25);
    }
    expect(ended).to.deep.equal([]);
    arrived += 0.2 * MB;
    await clock.advance(30);
    expect(ended).to.deep.equal([group]);
  });

  it('ends when nothing arrives, or has begun and stopped', async () => {
    const first = wait();
    await clock.advance(104);
    expect(ended).to.deep.equal([first]);
    const second = wait();
    arrived = 5 * MB;
    await clock.advance(104);
    expect(ended).to.deep.equal([first]);
    await clock.advance(26);
    expect(ended).to.deep.equal([first, second]);
  });

  it('is over when the reply has come', async () => {
    const group = wait();
    arrived = MB;
    await clock.advance(104);
    arrived = 0;
    group.isOver = true;
    patience.settled();
    await clock.advance(50);
    expect(ended).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('goes on when one large reply was whole and the next arrives', async () => {
    wait();
    arrived = 3 * MB;
    await clock.advance(104);
    arrived = 0.3 * MB;
    await clock.advance(25);
    expect(ended).to.deep.equal([]);
  });

  it('does not last for what was not sent, or for a server that never stops', async () => {
    const unsent = wait(false);
    arrived = 5 * MB;
    await clock.advance(104);
    expect(ended).to.deep.equal([unsent]);
    const endless = wait();
    arrived = 70 * MB;
    await clock.advance(104);
    expect(ended).to.deep.equal([unsent, endless]);
  });
});
