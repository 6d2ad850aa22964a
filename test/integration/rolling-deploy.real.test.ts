import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { Cache, ModeChange } from '../../lib/index.js';
import { FaultProxy } from '../support/fault-proxy.js';
import type { RedisServer } from '../support/redis-server.js';
import { INSTALLED, installedCache } from '../support/release-0.1/installed.js';
import { OldCache, type OldRelease } from '../support/release-0.1/old-cache.js';
import { isDegraded, isUp, Stand } from './stand.js';

type Connect = (redis: RedisServer, prefix: string) => Promise<OldRelease>;

/** How long a process of this version takes to hear of another generation. */
const BEAT_MS = 700;

const RELEASES: [string, Connect][] = [
  ['release 0.1, imitated', (redis, prefix) => OldCache.connect(redis.port, prefix)],
];
if (INSTALLED !== undefined) {
  const folder = INSTALLED;
  RELEASES.push([
    'release 0.1, installed',
    (redis, prefix) => installedCache(folder, redis, prefix),
  ]);
}

for (const [name, connect] of RELEASES) {
  describe(`a rolling deploy: this version beside ${name}`, () => {
    let stand: Stand;
    let old: OldRelease;
    let cache: Cache;
    let prefix: string;
    let changes: ModeChange[];
    before(async () => {
      stand = await Stand.start();
    });
    beforeEach(async () => {
      prefix = stand.prefix();
      old = await connect(stand.redis, prefix);
      cache = await stand.cache({ prefix, memory: false });
      changes = [];
      cache.on('modechange', (change) => changes.push(change));
    });
    afterEach(async () => {
      await old.close();
      await stand.closeCaches();
      await stand.redis.command('FLUSHALL');
    });
    after(() => stand.stop());

    it("neither reads the other's entries, and neither has an outage", async () => {
      await old.set('a', 'old');
      await cache.set('b', 'new');
      expect([await cache.get('a'), await old.get('b')]).to.deep.equal([undefined, undefined]);
      expect([await old.get('a'), await cache.get('b')]).to.deep.equal(['old', 'new']);
      expect((await cache.getMany(['a', 'b'])).size).to.equal(1);
      await old.beat();
      expect(changes).to.deep.equal([]);
    });

    it('a change or delete of one is a miss for the other', async () => {
      for (const key of ['changed', 'deleted']) await old.set(key, 'old');
      await cache.set('changed', 'new');
      await cache.delete('deleted');
      expect(await old.get('changed')).to.equal(undefined);
      expect(await old.get('deleted')).to.equal(undefined);
      await cache.set('deleted', 'new');
      await old.set('changed', 'old again');
      await old.delete('deleted');
      expect(await cache.get('changed')).to.equal(undefined);
      expect(await cache.get('deleted')).to.equal(undefined);
      expect(await old.get('changed')).to.equal('old again');
    });

    it('a clear of one is a miss for the other', async () => {
      for (const start of ['a:', undefined]) {
        await old.set('a:1', 'old');
        await cache.set('a:2', 'new');
        await cache.clear(start === undefined ? undefined : `${start}*`);
        await old.beat();
        expect([await old.get('a:1'), await cache.get('a:2')]).to.deep.equal([
          undefined,
          undefined,
        ]);
        await old.set('a:1', 'old');
        await cache.set('a:2', 'new');
        await old.clear(start);
        expect([await old.get('a:1'), await cache.get('a:2')]).to.deep.equal([
          undefined,
          undefined,
        ]);
      }
    });

    it('a load is void when the other version deletes its key during it', async () => {
      const ofOld = await old.getOrSet('a', async () => {
        await cache.delete('a');
        return 'old';
      });
      expect([ofOld, await old.get('a'), await cache.get('a')]).to.deep.equal([
        'old',
        undefined,
        undefined,
      ]);
      const ofNew = await cache.getOrSet('b', async () => {
        await old.delete('b');
        return 'new';
      });
      expect([ofNew, await old.get('b'), await cache.get('b')]).to.deep.equal([
        'new',
        undefined,
        undefined,
      ]);
    });

    it('each loads a key that the other has stored, and replaces its entry', async () => {
      await old.set('a', 'old');
      expect(await cache.getOrSet('a', () => 'new')).to.equal('new');
      expect([await old.get('a'), await cache.get('a')]).to.deep.equal([undefined, 'new']);
      expect(await old.getOrSet('a', async () => 'newer')).to.equal('newer');
      expect([await old.get('a'), await cache.get('a')]).to.deep.equal(['newer', undefined]);
    });

    it('drops its entries when the journal of 0.1 overflowed', async () => {
      await cache.set('a', 'new');
      await old.set('b', 'old');
      await old.overflow();
      await wait(BEAT_MS);
      await isUp(cache);
      expect(await old.get('b')).to.equal(undefined);
      expect(await cache.get('a')).to.equal(undefined);
      await cache.set('a', 'newer');
      await wait(BEAT_MS);
      expect(await cache.get('a')).to.equal('newer');
    });

    it('drops its entries when the journal of 0.1 overflowed while this process was away', async () => {
      const proxy = await FaultProxy.start(stand.redis.port);
      try {
        const away = await stand.cache({ redis: proxy.url, prefix });
        await away.set('a', 'new');
        await proxy.refuse();
        await isDegraded(away);
        await cache.close();
        await old.overflow();
        await proxy.pass();
        await isUp(away);
        expect(await away.get('a')).to.equal(undefined);
      } finally {
        await stand.closeCaches();
        await proxy.close();
      }
    });

    it('its own change of generation reaches all processes, and none answers with another', async () => {
      const other = await stand.cache({ prefix, memory: false });
      await old.set('b', 'old');
      await cache.clear();
      const generation = await stand.redis.command('GET', `${prefix}__ech:{ech}:gen`);
      await old.beat();
      await wait(BEAT_MS);
      expect(await old.get('b')).to.equal(undefined);
      await other.set('a', 'new');
      await wait(2 * BEAT_MS);
      expect(await stand.redis.command('GET', `${prefix}__ech:{ech}:gen`)).to.equal(generation);
      expect(await cache.get('a')).to.equal('new');
    });

    it('in a thousand changes nothing older than the last one is read', async function () {
      this.timeout(60_000);
      const other = await stand.cache({ prefix, memory: false });
      const last = new Map<string, number | undefined>();
      let state = 7;
      const below = (bound: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * bound);
      };
      for (let i = 0; i < 1_000; i++) {
        const key = `k${below(5)}`;
        const writer = [old, cache, other][below(3)] ?? cache;
        if (below(4) === 0) {
          await writer.delete(key);
          last.set(key, undefined);
        } else {
          await writer.set(key, i);
          last.set(key, i);
        }
        const read = `k${below(5)}`;
        for (const reader of [old, cache, other]) {
          expect(await reader.get(read)).to.be.oneOf([undefined, last.get(read)]);
        }
      }
    });
  });
}
