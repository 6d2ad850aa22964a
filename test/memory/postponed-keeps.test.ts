import { expect } from 'chai';
import { PostponedKeeps } from '../../lib/memory/postponed-keeps.js';

function build(
  max: number,
  held: readonly string[] = [],
): { keeps: PostponedKeeps; made: string[] } {
  const made: string[] = [];
  const keeps = new PostponedKeeps({
    max,
    holds: (key) => held.includes(key),
    keep: (key, entry, mark) => made.push(`keep ${key} ${entry} ${mark}`),
    delete: (key) => made.push(`delete ${key}`),
    passOver: (key) => made.push(`pass over ${key}`),
  });
  return { keeps, made };
}

describe('PostponedKeeps', () => {
  it('makes the changes in their order, when it is asked to, and once', () => {
    const { keeps, made } = build(10);
    keeps.add('a', 'one', 1);
    keeps.add('a', '', -1);
    keeps.add('a', 'two', 2);
    expect(made).to.deep.equal([]);
    keeps.settle();
    keeps.settle();
    expect(made).to.deep.equal(['keep a one 1', 'delete a', 'keep a two 2']);
  });

  it('does not keep what later entries push out', () => {
    const { keeps, made } = build(2);
    for (const key of ['a', 'b', 'c', 'd']) keeps.add(key, 'x', 0);
    keeps.settle();
    expect(made).to.deep.equal(['pass over a', 'pass over b', 'keep c x 0', 'keep d x 0']);
  });

  it('replaces what memory holds, however many come later, so that nothing old stays', () => {
    const { keeps, made } = build(1, ['a']);
    for (const key of ['a', 'b', 'c']) keeps.add(key, 'x', 0);
    keeps.settle();
    expect(made).to.deep.equal(['keep a x 0', 'pass over b', 'keep c x 0']);
  });

  it('keeps what came again among those that are passed over, as used again', () => {
    const { keeps, made } = build(1);
    for (const key of ['hot', 'a', 'hot', 'b']) keeps.add(key, 'x', 0);
    keeps.settle();
    expect(made).to.deep.equal(['keep hot x 0', 'keep hot x 0', 'pass over a', 'keep b x 0']);
  });

  it('does not count what was deleted before it was pushed out', () => {
    const { keeps, made } = build(1);
    keeps.add('a', 'x', 0);
    keeps.add('a', '', -1);
    keeps.add('b', 'x', 0);
    keeps.settle();
    expect(made).to.deep.equal(['delete a', 'keep b x 0']);
  });

  it('makes every delete, and counts no key that comes again', () => {
    const { keeps, made } = build(1);
    keeps.add('a', 'old', 0);
    keeps.add('b', '', -1);
    keeps.add('a', 'new', 0);
    keeps.settle();
    expect(made).to.deep.equal(['delete b', 'keep a new 0']);
  });

  it('keeps as many different keys as memory holds, however often the last ones come', () => {
    const { keeps, made } = build(2);
    keeps.add('a', 'x', 0);
    for (let i = 0; i < 5; i++) keeps.add('b', `${i}`, 0);
    keeps.settle();
    expect(made[0]).to.equal('keep a x 0');
    expect(made.at(-1)).to.equal('keep b 4 0');
  });

  it('makes the changes by itself when they are many', () => {
    const { keeps, made } = build(2);
    for (let i = 0; i < 8; i++) keeps.add(`${i}`, 'x', 0);
    expect(made.length).to.equal(8);
    const large = build(100_000);
    for (let i = 0; i < 1_023; i++) large.keeps.add(`${i}`, 'x', 0);
    expect(large.made.length).to.equal(0);
    large.keeps.add('last', 'x', 0);
    expect(large.made.length).to.equal(1_024);
  });

  it('makes the changes by itself when they are large', () => {
    const { keeps, made } = build(100);
    keeps.add('a', 'x'.repeat(256 * 1024), 0);
    expect(made).to.deep.equal([]);
    keeps.add('b', 'x', 0);
    expect(made.length).to.equal(2);
  });
});
