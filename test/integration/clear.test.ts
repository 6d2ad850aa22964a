import { expect } from 'chai';
import { Stand } from './stand.js';

describe('integration: clear and prefixes', () => {
  let stand: Stand;
  before(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.closeCaches());
  after(() => stand.stop());

  const PREFIXES = [
    '*',
    'a*',
    'a?:',
    '[ab]:',
    'a\\',
    '\\*:',
    '[',
    'tenant-[1]:',
    '{a}:',
    'ä☕:',
    ' ',
  ];

  for (const prefix of PREFIXES) {
    it(`stays within the prefix ${JSON.stringify(prefix)}`, async () => {
      const own = await stand.cache({ prefix });
      // What an unescaped prefix would match besides, and its left and right neighbours.
      const neighbours = [prefix.replace(/[*?[\\]/g, 'a'), `${prefix.slice(0, -1)}x`, `x${prefix}`]
        .map((neighbour) => `${neighbour}!`)
        .filter((neighbour) => !neighbour.startsWith(prefix));
      await own.setMany([
        ['1', 'own'],
        ['2', 'own'],
      ]);
      for (const neighbour of neighbours)
        await stand.redis.command('SET', `${neighbour}1`, 'theirs');
      await own.clear('1*');
      expect([await own.has('1'), await own.has('2')]).to.deep.equal([false, true]);
      await own.clear();
      expect([await own.has('1'), await own.has('2')]).to.deep.equal([false, false]);
      for (const neighbour of neighbours) {
        expect(await stand.redis.command('GET', `${neighbour}1`), neighbour).to.equal('theirs');
      }
      await stand.redis.command('FLUSHALL');
    });
  }

  it('removes thousands of entries in batches, with SCAN, and never with KEYS or FLUSHDB', async () => {
    const cache = await stand.cache();
    const keys = Array.from({ length: 1_200 }, (_, i) => `item:${i}`);
    await cache.setMany(keys.map((key) => [key, key]));
    await cache.set('other', 'kept');
    const monitor = await stand.redis.monitor();
    expect(await cache.clear('item:*')).to.equal('applied');
    await monitor.stop();
    const names = new Set(
      monitor.lines
        .filter((line) => !line.includes('__ech:') && !/lua\]|"ECHO"|"HSETNX"/.test(line))
        .map((line) => /"(\w+)"/.exec(line)?.[1]?.toUpperCase()),
    );
    expect([...names]).to.include('SCAN');
    expect([...names].filter((name) => /^(KEYS|FLUSH)/.test(name ?? ''))).to.deep.equal([]);
    expect((await cache.getMany(keys)).size).to.equal(0);
    expect(await cache.get('other')).to.equal('kept');
  });

  it('keeps the cache’s own records under the prefix', async () => {
    const prefix = stand.prefix();
    const cache = await stand.cache({ prefix });
    await cache.set('a', 1);
    await cache.clear();
    const records = ['pos', 'gen'].map((name) => `${prefix}__ech:{ech}:${name}`);
    expect(await stand.redis.command('EXISTS', ...records)).to.equal(2);
    expect(await cache.set('a', 2)).to.equal('applied');
    expect(await cache.get('a')).to.equal(2);
  });

  it('clears the memory of this process too', async () => {
    const cache = await stand.cache({ memory: { max: 10 } });
    await cache.set('a', 1);
    expect(cache.status().memory?.entries).to.equal(1);
    await cache.clear();
    expect(cache.status().memory?.entries).to.equal(0);
  });
});
