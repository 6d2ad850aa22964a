import { expect } from 'chai';
import { MemoryTier } from '../../lib/memory/memory-tier.js';

const ROOMY = 1_000_000;

describe('memory: the memory tier', () => {
  let evicted: string[];
  let reasons: string[];
  beforeEach(() => {
    evicted = [];
    reasons = [];
  });

  function tier(max: number, maxBytes = ROOMY): MemoryTier {
    return new MemoryTier({ max, maxBytes }, (key, reason) => {
      evicted.push(key);
      reasons.push(reason);
    });
  }

  function fill(memory: MemoryTier, ...keys: string[]): void {
    for (const key of keys) memory.set(key, { entry: `entry of ${key}`, mark: 0, until: 0 });
  }

  const held = (memory: MemoryTier) => memory.keys().sort().join('');

  it('pushes out the least recently used', () => {
    const memory = tier(3);
    fill(memory, 'a', 'b', 'c');
    memory.get('a');
    fill(memory, 'd');
    expect(held(memory)).to.equal('acd');
    expect(evicted).to.deep.equal(['b']);
  });

  it('says which limit it reached', () => {
    const byEntries = tier(2);
    fill(byEntries, 'a', 'b', 'c');
    byEntries.get('b');
    byEntries.get('c');
    fill(byEntries, 'd');
    expect(reasons.splice(0)).to.deep.equal(['entries', 'entries']);
    const byBytes = tier(100, 40);
    fill(byBytes, 'a', 'b', 'c', 'd', 'e');
    expect(new Set(reasons)).to.deep.equal(new Set(['bytes']));
    expect(reasons).to.have.length(evicted.length - 2);
  });

  it('pushes out the least recently used where all were used again', () => {
    const memory = tier(3);
    fill(memory, 'a', 'b', 'c');
    for (const key of 'abc') memory.get(key);
    fill(memory, 'd');
    expect(held(memory)).to.equal('bcd');
  });

  it('always has room for the newest', () => {
    const memory = tier(10);
    fill(memory, ...'abcdefghij');
    for (const key of 'abcdefghij') memory.get(key);
    for (const key of 'klmnopqrst') {
      fill(memory, key);
      expect(memory.get(key)?.entry).to.equal(`entry of ${key}`);
    }
    expect(memory.entries).to.equal(10);
  });

  it('does not let an entry that is read once push out one that is read again', () => {
    const memory = tier(10);
    fill(memory, ...'abcdefgh');
    for (const key of 'abcdefgh') memory.get(key);
    for (let i = 0; i < 1_000; i++) fill(memory, `once ${i}`);
    expect(memory.keys()).to.include.members([...'abcdefgh']);
    expect(memory.entries).to.equal(10);
  });

  it('drops an entry that was read often, once it is not any more', () => {
    const memory = tier(10);
    fill(memory, ...'abcdefgh');
    for (const key of 'abcdefgh') memory.get(key);
    for (let i = 0; i < 100; i++) {
      fill(memory, `new ${i}`);
      memory.get(`new ${i}`);
    }
    expect(memory.keys()).to.not.include.members(['a']);
    expect(memory.keys().every((key) => key.startsWith('new'))).to.equal(true);
  });

  it('needs fewer loads for the keys of a shop than plain LRU would', () => {
    const memory = tier(100);
    const plain = new Map<string, true>();
    const missed = { segmented: 0, plain: 0 };
    for (const key of shoppers(20_000)) {
      if (memory.get(key) === undefined) {
        missed.segmented++;
        fill(memory, key);
      }
      if (!plain.delete(key)) missed.plain++;
      plain.set(key, true);
      if (plain.size > 100) plain.delete(plain.keys().next().value as string);
    }
    expect(missed.segmented / missed.plain).to.be.below(0.9);
  });

  for (const max of [1, 2, 3, 4, 5, 7, 100]) {
    it(`never holds more than ${max} entries, nor more bytes than it may`, () => {
      const memory = tier(max, 4_000);
      const known = new Map<string, string>();
      for (const key of shoppers(3_000)) {
        const entry = 'x'.repeat((key.length * 7919 * (known.size + 1)) % 900);
        if (known.size % 3 === 0) memory.get(key);
        memory.set(key, { entry: entry, mark: 0, until: 0 });
        known.set(key, entry);
        expect(memory.get(key)?.entry).to.equal(entry);
        expect(memory.entries).to.be.at.most(max);
        expect(memory.bytes).to.be.at.most(4_000);
      }
      const keys = memory.keys();
      expect(new Set(keys).size).to.equal(keys.length).and.to.equal(memory.entries);
      const bytes = keys.map((key) => key.length + (known.get(key) ?? '').length);
      expect(memory.bytes).to.equal(bytes.reduce((a, b) => a + b, 0));
    });
  }

  it('tells of each key that was pushed out, and of no other', () => {
    const memory = tier(5);
    const isIn = new Set<string>();
    for (const key of shoppers(2_000)) {
      memory.get(key);
      fill(memory, key);
      isIn.add(key);
      for (const gone of evicted.splice(0)) expect(isIn.delete(gone)).to.equal(true);
      expect([...isIn].sort()).to.deep.equal(memory.keys().sort());
    }
  });

  it('makes room for one large entry at the cost of those that were used again', () => {
    const memory = tier(10, 1_000);
    for (const key of 'abcd') {
      memory.set(key, { entry: 'x'.repeat(150), mark: 0, until: 0 });
      memory.get(key);
    }
    memory.set('large', { entry: 'x'.repeat(700), mark: 0, until: 0 });
    expect(held(memory)).to.equal('dlarge');
    expect(evicted).to.deep.equal(['a', 'b', 'c']);
  });

  it('keeps an entry that is too large to be protected, and one that grew to be', () => {
    const memory = tier(10, 1_000);
    memory.set('a', { entry: 'x'.repeat(900), mark: 0, until: 0 });
    memory.get('a');
    expect(memory.get('a')?.entry).to.have.length(900);
    memory.set('a', { entry: 'small', mark: 0, until: 0 });
    memory.get('a');
    memory.set('a', { entry: 'x'.repeat(900), mark: 0, until: 0 });
    expect(memory.get('a')?.entry).to.have.length(900);
    expect(memory.entries).to.equal(1);
  });

  it('does not keep what is larger than all of it, nor what that was to replace', () => {
    const memory = tier(10, 1_000);
    fill(memory, 'a');
    memory.get('a');
    memory.set('a', { entry: 'x'.repeat(2_000), mark: 0, until: 0 });
    expect(memory.get('a')).to.equal(undefined);
    expect(memory.entries).to.equal(0);
  });

  it('deletes keys and patterns wherever they are', () => {
    const memory = tier(10);
    fill(memory, 'a1', 'a2', 'b1', 'b2');
    memory.get('a1');
    memory.get('b1');
    expect(memory.deleteMatching((key) => key.startsWith('a'))).to.equal(2);
    expect(memory.delete('b1')).to.equal(true);
    expect(memory.delete('b1')).to.equal(false);
    expect(held(memory)).to.equal('b2');
    expect(evicted).to.deep.equal([]);
  });
});

/** Keys by Zipf's law, the same each time (the minimal standard generator of Park and Miller). */
function* shoppers(count: number): Generator<string> {
  const weights = Array.from({ length: 1_000 }, (_, i) => 1 / (i + 1));
  const total = weights.reduce((a, b) => a + b, 0);
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (state * 48_271) % 2_147_483_647;
    let left = (state / 2_147_483_647) * total;
    let rank = 0;
    while (left > (weights[rank] ?? 0) && rank < 999) left -= weights[rank++] ?? 0;
    yield `product:${rank}`;
  }
}
