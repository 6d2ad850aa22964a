import { expect } from 'chai';
import { decide, type Hearing, type Word } from '../../../lib/redis/sentinel/verdict.js';

const word = (host: string, epoch?: number): Word => ({ address: { host, port: 1 }, epoch });
const hear = (words: readonly Word[], more: Partial<Hearing> = {}): string | undefined =>
  decide({ words, total: 3, isComplete: false, believed: undefined, isOutdated: false, ...more })
    ?.address.host;

describe('what Sentinels say', () => {
  const believed = word('old', 4);

  it('is not believed of one alone while others may answer', () => {
    expect(hear([word('a', 1)])).to.equal(undefined);
    expect(hear([word('a', 1)], { isComplete: true })).to.equal('a');
    expect(hear([word('a', 1)], { total: 1 })).to.equal('a');
    expect(hear([], { isComplete: true })).to.equal(undefined);
  });

  it('is what the highest epoch says, however few say it', () => {
    expect(hear([word('old', 4), word('new', 5)], { believed })).to.equal('new');
    const two = [word('old', 4), word('old', 4), word('new', 5)];
    expect(hear(two, { believed, isComplete: true })).to.equal('new');
  });

  it('does not go back to a lower epoch', () => {
    const late = [word('older', 3), word('older', 3)];
    expect(hear(late, { believed })).to.equal(undefined);
    expect(hear(late, { believed, isComplete: true })).to.equal(undefined);
  });

  it('goes back where most say so, and none has said otherwise for long', () => {
    const anew = { believed, isComplete: true, isOutdated: true };
    expect(hear([word('a', 0), word('a', 0)], anew)).to.equal('a');
    expect(hear([word('a', 0)], anew)).to.equal(undefined);
    expect(hear([word('a', 0)], { ...anew, total: 1 })).to.equal('a');
  });

  it('without epochs: two that differ wait for the third, and most win', () => {
    const two = [word('old'), word('new')];
    expect(hear(two)).to.equal(undefined);
    expect(hear([...two, word('new')], { isComplete: true, believed: word('old') })).to.equal(
      'new',
    );
  });

  it('without epochs: of two that differ, the one believed before stays', () => {
    const two = [word('new'), word('old')];
    const both = { isComplete: true, total: 2 };
    expect(hear(two, { ...both, believed: word('old') })).to.equal('old');
    expect(hear(two, both)).to.equal('new');
  });
});
