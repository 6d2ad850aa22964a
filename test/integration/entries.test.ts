import { expect } from 'chai';
import { KIND_AT, PAYLOAD_AT, TTL_AT, VERSION_AT, VERSION_LENGTH } from '../../lib/entry/layout.js';
import type { Cache, ModeChange } from '../../lib/index.js';
import { Stand } from './stand.js';

describe('integration: damaged and foreign entries', () => {
  let stand: Stand;
  let cache: Cache;
  let prefix: string;
  let changes: ModeChange[];
  before(async () => {
    stand = await Stand.start();
  });
  beforeEach(async () => {
    prefix = stand.prefix();
    cache = await stand.cache({ prefix });
    changes = [];
    cache.on('modechange', (change) => changes.push(change));
  });
  afterEach(() => stand.closeCaches());
  after(() => stand.stop());

  const raw = (...args: string[]): Promise<unknown> => stand.redis.command(...args);

  /** What the cache itself wrote under the key, changed. */
  const tampered =
    (change: (entry: string) => string) =>
    async (key: string): Promise<void> => {
      const another = await stand.cache({ prefix });
      await another.set(key.slice(prefix.length), { id: 1, name: 'tea' });
      await raw('SET', key, change(String(await raw('GET', key))), 'KEEPTTL');
    };

  const CASES: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    'a list': (key) => raw('RPUSH', key, 'a'),
    'a hash': (key) => raw('HSET', key, 'a', '1'),
    'a stream': (key) => raw('XADD', key, '*', 'a', '1'),
    'a text of somebody else': (key) => raw('SET', key, 'somebody else’s'),
    'JSON of somebody else': (key) => raw('SET', key, '{"id":1}'),
    'a text that begins like a lease': (key) =>
      raw('SET', key, 'Lorem ipsum dolor sit amet, consetetur'),
    'the head of an entry alone': (key) => raw('SET', key, 'E2'),
    'bytes that are no text': (key) =>
      raw('EVAL', "return redis.call('SET', KEYS[1], '\\255\\254\\0E2')", '1', key),
    'an entry of a newer format': tampered((entry) => entry.replace(/^E2/, 'E3')),
    'an entry of an unknown kind': tampered(
      (entry) => `${entry.slice(0, KIND_AT)}x${entry.slice(VERSION_AT)}`,
    ),
    'an entry that was cut off': tampered((entry) => entry.slice(0, -5)),
    'an entry without a payload': tampered((entry) => entry.slice(0, PAYLOAD_AT)),
    'an entry of an unknown form': tampered((entry) => `${entry.slice(0, PAYLOAD_AT)}x{}`),
    'an entry with an unknown tag': tampered(
      (entry) => `${entry.slice(0, PAYLOAD_AT)}t{"$future":1}`,
    ),
    'an entry with a wrong time': tampered(
      (entry) => `${entry.slice(0, VERSION_AT)}${'~'.repeat(VERSION_LENGTH)}${entry.slice(TTL_AT)}`,
    ),
  };

  for (const [name, put] of Object.entries(CASES)) {
    it(`${name} is a miss, and is written over by getOrSet`, async () => {
      await put(`${prefix}a`);
      const before = cache.status().metrics;
      expect(await cache.get('a')).to.equal(undefined);
      expect(cache.status().metrics.misses).to.equal(before.misses + 1);
      expect(await cache.getOrSet('a', () => 'loaded')).to.equal('loaded');
      const lookups: unknown[] = [];
      cache.on('lookup', (lookup) => lookups.push(lookup));
      expect(await cache.get('a')).to.equal('loaded');
      expect(lookups).to.deep.equal([{ key: 'a', outcome: 'hit', tier: 'redis' }]);
      expect(changes).to.deep.equal([]);
      expect(cache.status().journal.entries).to.equal(0);
    });

    it(`${name} is written over by set, and removed by delete`, async () => {
      await put(`${prefix}a`);
      await put(`${prefix}b`);
      expect(await cache.set('a', 'set')).to.equal('applied');
      expect(await cache.get('a')).to.equal('set');
      expect(await cache.delete('b')).to.equal('applied');
      expect([...(await cache.getMany(['a', 'b']))]).to.deep.equal([['a', 'set']]);
      expect(changes).to.deep.equal([]);
    });
  }

  for (const name of [
    'a list',
    'JSON of somebody else',
    'an entry of a newer format',
    'an entry that was cut off',
  ]) {
    it(`${name} is counted as an error`, async () => {
      await CASES[name]?.(`${prefix}a`);
      const { errors } = cache.status().metrics;
      await cache.get('a');
      expect(cache.status().metrics.errors).to.equal(errors + 1);
      expect(cache.status().status).to.equal('up');
    });
  }

  it('an entry that is found in the middle of many harms none of the others', async () => {
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    await raw('SET', `${prefix}b`, 'somebody else’s');
    expect([...(await cache.getMany(['a', 'b', 'c']))]).to.deep.equal([
      ['a', 1],
      ['c', 3],
    ]);
  });

  it('an entry that another process replaced is not answered from memory', async () => {
    await cache.set('a', 1);
    await raw('DEL', `${prefix}a`);
    await raw('RPUSH', `${prefix}a`, 'x');
    expect(await cache.get('a')).to.equal(undefined);
    await cache.set('b', 1);
    await raw('SET', `${prefix}b`, 'somebody else’s');
    expect(await cache.get('b')).to.equal(undefined);
  });

  it('an entry of another type harms none that is read in the same turn', async () => {
    await cache.set('a', 1);
    await raw('RPUSH', `${prefix}list`, 'x');
    expect(await Promise.all([cache.get('a'), cache.get('list')])).to.deep.equal([1, undefined]);
  });
});
