import { expect } from 'chai';
import fc from 'fast-check';
import { compileGlob, escapeGlob } from '../../lib/core/glob.js';
import { RedisServer } from '../support/redis-server.js';

const TABLE: [pattern: string, matching: string[], others: string[]][] = [
  ['products:*', ['products:', 'products:1', 'products:1:*'], ['product:1', 'xproducts:1']],
  ['*', ['', 'a', 'ä\n'], []],
  ['**', ['', 'ab'], []],
  ['a?c', ['abc', 'a?c', 'a*c'], ['ac', 'abbc']],
  ['*b*', ['b', 'abc', 'bb'], ['', 'ac']],
  ['*a', ['a', 'aa', 'ba'], ['ab', '']],
  ['a*b*c', ['abc', 'a1b2c', 'abcbc'], ['acb', 'ab']],
  ['A', ['A'], ['a']],
  // Sets
  ['user:[ab]', ['user:a', 'user:b'], ['user:', 'user:c', 'user:ab']],
  ['[^ab]', ['c', '^'], ['a', 'b', '', 'cc']],
  ['[a-c]', ['a', 'b', 'c'], ['d', '-']],
  ['[c-a]', ['a', 'b', 'c'], ['d', '-']],
  ['[]a]', [], ['a', ']', 'a]']],
  ['[]', [], ['', '[]']],
  ['[^]', ['a', ']'], ['', 'ab']],
  ['[\\]]', [']'], ['\\', '\\]']],
  ['[\\a-c]', ['a', '-', 'c'], ['b', '\\']],
  // The range swallows the bracket, so the set has no end.
  ['[a-]', ['a', ']', '^'], ['-', 'b', '[a-]']],
  ['[ab', ['a', 'b'], ['[ab', 'c', '']],
  ['[a-', ['a', '-'], ['b']],
  ['[', [], ['[', '']],
  ['[^', ['a'], ['', 'ab']],
  ['[a\\', ['a', '\\'], ['b']],
  // Escapes
  ['\\*', ['*'], ['a', '\\*', '']],
  ['\\a\\\\', ['a\\'], ['\\a\\', 'a']],
  ['a\\', ['a\\'], ['a']],
  // Bytes, not characters
  ['a??c', ['abbc', 'aéc'], ['abc', 'a€c']],
  ['a*é', ['aé', 'aäé'], ['aä', 'é']],
  ['[é]', [], ['é', 'ä']],
  ['[é][é]', ['é'], ['ä', 'e']],
  ['[à-é]?', ['à', 'é'], ['ab', 'a']],
  ['😀?*', ['😀!'], ['😀', '😁!']],
];

describe('compileGlob', () => {
  for (const [pattern, matching, others] of TABLE) {
    it(`knows what ${JSON.stringify(pattern)} matches`, () => {
      const matches = compileGlob(pattern);
      expect(matching.filter((text) => !matches(text))).to.deep.equal([]);
      expect(others.filter(matches)).to.deep.equal([]);
    });
  }

  it('takes no longer for a hopeless pattern of many stars', () => {
    const matches = compileGlob(`${'a*'.repeat(100)}b`);
    expect(matches('a'.repeat(10_000))).to.equal(false);
    expect(matches(`${'a'.repeat(10_000)}b`)).to.equal(true);
  });
});

describe('escapeGlob', () => {
  it('makes a pattern that matches the text alone', () => {
    fc.assert(
      fc.property(globText(8), globText(8), (literal, other) => {
        const matches = compileGlob(escapeGlob(literal));
        expect(matches(literal)).to.equal(true);
        expect(matches(other)).to.equal(other === literal);
      }),
    );
  });

  it('leaves a pattern behind it as it is', () => {
    fc.assert(
      fc.property(globText(4), globText(8), globText(8), (prefix, pattern, text) => {
        const matches = compileGlob(escapeGlob(prefix) + pattern);
        expect(matches(prefix + text)).to.equal(compileGlob(pattern)(text));
      }),
    );
  });
});

describe('globs, compared with a real Redis', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  /** Which of the texts Redis finds behind a prefix; the prefix lets the empty text be a key. */
  async function foundByRedis(prefix: string, pattern: string, texts: string[]): Promise<string[]> {
    await redis.command('FLUSHALL');
    await redis.command('MSET', ...texts.flatMap((text) => [prefix + text, '1']));
    const keys = (await redis.command('KEYS', escapeGlob(prefix) + pattern)) as string[];
    return keys.map((key) => key.slice(prefix.length)).sort();
  }

  it('agree about the table', async () => {
    for (const [pattern, matching, others] of TABLE) {
      const found = await foundByRedis('p[*:', pattern, [...matching, ...others]);
      expect(found, pattern).to.deep.equal([...matching].sort());
    }
  });

  it('agree about any pattern, text and prefix', async () => {
    const texts = fc.uniqueArray(globText(5), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(globText(4), globText(9), texts, async (prefix, pattern, candidates) => {
        fc.pre(!MIXED_RANGE.test(pattern));
        const found = await foundByRedis(`p${prefix}`, pattern, candidates);
        expect(found).to.deep.equal(candidates.filter(compileGlob(pattern)).sort());
      }),
      { numRuns: 500 },
    );
  });
});

/** What such a range holds depends on the processor that Redis was compiled for. */
const MIXED_RANGE = /\p{ASCII}-\P{ASCII}|\P{ASCII}-\p{ASCII}/u;

function globText(maxLength: number): fc.Arbitrary<string> {
  const unit = fc.constantFrom(...'aaabbbc***??[[]]^-\\éä😀');
  return fc.string({ unit, maxLength });
}
