import { expect } from 'chai';
import { type Label, lastReign, type ReignEntry, survived } from '../../lib/redis/lineage.js';

describe('whether what was acknowledged survived', () => {
  const chain: readonly ReignEntry[] = [
    { id: 'a', life: 'l1', base: 0, openedAt: 0 },
    { id: 'b', life: 'l2', base: 10, openedAt: 5 },
    { id: 'c', life: 'l3', base: 20, openedAt: 6 },
  ];
  const label = (reign: string, life: string, count: number): Label => ({ reign, life, count });
  const cases: readonly (readonly [string, Label, boolean])[] = [
    ['in the life that answers, fenced', label('c', 'l3', 21), true],
    ['in the life that answers, not fenced', label('c', 'l3', 0), true],
    ['in the life that answers, under a reign that was evicted', label('x', 'l3', 5), true],
    ['in an earlier life, not fenced', label('b', 'l2', 0), false],
    ['fenced before the next reign began', label('b', 'l2', 19), true],
    ['fenced by the last count before the next reign', label('b', 'l2', 20), true],
    ['fenced on another branch, after the next reign began', label('b', 'l2', 21), false],
    ['fenced under the first reign, compared with the second', label('a', 'l1', 11), false],
    ['fenced under a reign that is not in the chain', label('x', 'l9', 1), false],
    ['fenced under the last reign, in another life than answers', label('c', 'l9', 1), false],
  ];
  for (const [what, given, expected] of cases) {
    it(`${what}: ${expected}`, () => {
      expect(survived(given, 'l3', chain)).to.equal(expected);
    });
  }

  it('is compared with the chain up to the reign that answers', () => {
    expect(lastReign(chain)?.id).to.equal('c');
    expect(lastReign([])).to.equal(undefined);
  });
});
