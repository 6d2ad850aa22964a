import { expect } from 'chai';
import fc from 'fast-check';
import { compileGlob, escapeGlob } from '../../lib/core/glob.js';
import { RedisServer } from '../support/redis-server.js';
import { globText, TABLE } from './globs.js';

/** What such a range holds depends on the processor that Redis was compiled for. */
const MIXED_RANGE = /\p{ASCII}-\P{ASCII}|\P{ASCII}-\p{ASCII}/u;

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
