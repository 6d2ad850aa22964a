import { expect } from 'chai';
import { Echoes } from '../../../lib/redis/commands/batches/echoes.js';

describe('tokens and echoes', () => {
  it('have ten characters, and never repeat, in one process or two', () => {
    const [mine, yours] = [new Echoes(), new Echoes()];
    const all = new Set<string>();
    for (let i = 0; i < 5_000; i++) for (const echoes of [mine, yours]) all.add(echoes.next());
    expect(all.size).to.equal(10_000);
    expect(new Set([...all].map((text) => text.length))).to.deep.equal(new Set([10]));
    expect([...all].some((text) => text.includes('|'))).to.equal(false);
  });
});
