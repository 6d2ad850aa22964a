import { inspect } from 'node:util';
import { expect } from 'chai';
import { createCache } from '../../lib/index.js';
import { parseRedis } from '../../lib/redis/redis-options.js';

/** What is thrown, with all that a logger would print of it. */
function refusalOf(task: () => unknown): { readonly code: unknown; readonly text: string } {
  try {
    task();
  } catch (error) {
    return { code: (error as { code?: unknown }).code, text: inspect(error, { depth: 9 }) };
  }
  throw new Error('it was accepted');
}

describe('the address of Redis', () => {
  const pieces = ['Sesam', 'oeffne', 'dich'];

  const given: Readonly<Record<string, (url: string) => unknown>> = {
    'as text': (url) => url,
    'in options': (url) => ({ url }),
  };

  for (const character of ['#', '/', '@', '?', '%', '##', '@/']) {
    const password = pieces.join(character);
    const urls = [
      `redis://:${password}@db.example:6379`,
      `redis://shop:${password}@db.example:6379/2`,
      `rediss://shop:${password}@db.example`,
      `redis://${password}:x@db.example`,
      `http://shop:${password}@db.example`,
      `shop:${password}@db.example:6379`,
      `unix://shop:${password}@/run/redis.sock`,
    ];
    for (const [how, make] of Object.entries(given)) {
      it(`${how}: a password with ${character} that is not encoded is refused, and no piece of it is shown`, () => {
        for (const url of urls) {
          for (const task of [
            () => parseRedis(make(url)),
            () => createCache({ redis: make(url) as string, logger: false }),
          ]) {
            const { code, text } = refusalOf(task);
            expect(code).to.equal('ERR_CACHE_OPTION');
            expect(text).to.match(/encode/i);
            for (const piece of pieces) expect(text).to.not.include(piece);
          }
        }
      });
    }

    it(`a password with ${character} that is encoded is taken, and not shown`, () => {
      const { name } = parseRedis(`redis://shop:${encodeURIComponent(password)}@db.example:6379/2`);
      expect(name).to.include('db.example');
      for (const piece of pieces) expect(name).to.not.include(piece);
    });
  }

  it('in REDIS_URL: is named so', () => {
    const before = process.env.REDIS_URL;
    process.env.REDIS_URL = `redis://:${pieces.join('#')}@db.example`;
    try {
      const { text } = refusalOf(() => parseRedis(undefined));
      expect(text).to.match(/REDIS_URL .*Encode/);
      for (const piece of pieces) expect(text).to.not.include(piece);
    } finally {
      if (before === undefined) delete process.env.REDIS_URL;
      else process.env.REDIS_URL = before;
    }
  });

  for (const url of [
    'redis://localhost',
    'redis://localhost:6379/0',
    'rediss://user@db.example',
    'redis://a%40b:c%2Fd@db.example/1',
    'unix:///run/red@is.sock',
  ]) {
    it(`${url} is taken as it is`, () => {
      expect(parseRedis(url).source?.kind).to.equal('made');
    });
  }
});
