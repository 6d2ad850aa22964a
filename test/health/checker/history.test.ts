import { expect } from 'chai';
import { History } from '../../../lib/health/checker/history.js';
import type { HealthChange } from '../../../lib/health/types.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the history', () => {
  const clock = new ManualClock();
  let told: HealthChange[];
  let history: History;

  beforeEach(() => {
    told = [];
    history = new History(clock, (change) => told.push(change));
  });

  it('begins with the first status of a name, which is no change', () => {
    history.record('database', 'up', () => 'never asked');
    expect([told, history.changes]).to.deep.equal([[], []]);
  });

  it('notes a change once, with its reason and the time before it', async () => {
    history.record('database', 'up', () => undefined);
    await clock.advance(1_500);
    history.record('database', 'down', () => 'refused');
    history.record('database', 'down', () => 'refused');
    expect(told).to.have.length(1);
    expect(told[0]).to.deep.include({
      name: 'database',
      from: 'up',
      to: 'down',
      reason: 'refused',
      durationMs: 1_500,
    });
  });

  it('keeps the last twenty, and gives copies', () => {
    for (let i = 0; i < 50; i++) history.record('x', i % 2 === 0 ? 'up' : 'down', () => `${i}`);
    expect(history.changes.map(({ reason }) => reason)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => `${i + 30}`),
    );
    (history.changes[0] as { name: string }).name = 'other';
    expect(history.changes[0]?.name).to.equal('x');
  });
});
