import { expect } from 'chai';
import { LIST, World } from './world.js';

const KEYS = Array.from({ length: 40 }, (_, i) => `product:${i}`);

describe('warming', () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  afterEach(() => world.end());

  /** A process that has run before, with a value under each key. */
  async function earlier(): Promise<void> {
    const old = world.process();
    await world.clock.advance(50);
    await old.setMany(KEYS.map((key) => [key, `value of ${key}`]));
    for (const key of KEYS) await old.get(key);
    await world.clock.advance(30_000);
    await old.close();
  }

  it('writes the names of hot keys, hottest first, every 30 s, for 24 h', async () => {
    const cache = world.process();
    await world.clock.advance(50);
    await cache.set('a', 1);
    for (const key of ['b', 'a', 'a', 'c', 'a', 'c']) await cache.get(key);
    await world.clock.advance(29_000);
    expect(world.redis.peek(LIST)).to.equal(undefined);
    await world.clock.advance(1_000);
    expect(world.listed).to.deep.equal(['a', 'c', 'b']);
    expect(String(world.redis.peek(LIST))).not.to.contain('value');
    expect(world.redis.msLeft(LIST)).to.be.within(24 * 3_600_000 - 1_000, 24 * 3_600_000);
  });

  it('writes nothing if no caller asked for anything since', async () => {
    const cache = world.process();
    await world.clock.advance(50);
    await cache.get('a');
    await world.clock.advance(30_000);
    world.redis.execute(['DEL', LIST]);
    await world.clock.advance(120_000);
    expect(world.redis.peek(LIST)).to.equal(undefined);
  });

  it('keeps the keys of another process on the list', async () => {
    const [a, b] = [world.process(), world.process()];
    await world.clock.advance(50);
    await a.get('of a');
    await world.clock.advance(30_000);
    await b.get('of b');
    await world.clock.advance(30_000);
    expect(world.listed).to.have.members(['of a', 'of b']);
  });

  it('survives clear()', async () => {
    await earlier();
    const cache = world.process();
    await world.clock.advance(50);
    await cache.clear();
    await world.clock.advance(1_000);
    expect(world.listed).to.include.members(KEYS);
  });

  it('reads the values at the start, so that an outage right after it finds them', async () => {
    await earlier();
    const cache = world.process();
    await world.clock.advance(50);
    world.redis.kill();
    await world.clock.advance(200);
    for (const key of KEYS) expect(await cache.get(key), key).to.equal(`value of ${key}`);
    expect(cache.status().mode).to.equal('degraded');
    expect(cache.metrics().warm).to.deep.include({ values: { redis: 40, loader: 0 }, read: 40 });
  });

  it('without it, the same outage finds nothing', async () => {
    await earlier();
    const cache = world.process({ warm: false });
    await world.clock.advance(50);
    world.redis.kill();
    await world.clock.advance(200);
    for (const key of KEYS) expect(await cache.get(key), key).to.equal(undefined);
    expect(cache.metrics().warm).to.equal(null);
  });

  it('keeps the hottest if memory is smaller than the list', async () => {
    await earlier();
    world.leaveList(KEYS);
    const cache = world.process({ memory: { max: 10 } });
    await world.clock.advance(50);
    expect(cache.status().memory?.entries).to.equal(10);
    world.redis.kill();
    await world.clock.advance(200);
    // Others come by once and push out the coldest.
    for (let i = 0; i < 30; i++) await cache.set(`once:${i}`, i);
    for (const key of KEYS.slice(0, 8)) expect(await cache.has(key), key).to.equal(true);
  });

  it('reads no more than memory can hold in bytes', async () => {
    const old = world.process();
    await world.clock.advance(50);
    const keys = Array.from({ length: 400 }, (_, i) => `big:${i}`);
    await old.setMany(keys.map((key) => [key, 'x'.repeat(1_000)]));
    world.leaveList(keys);
    const before = world.redis.calls('MGET');
    const cache = world.process({ memory: { max: 500, maxBytes: 100_000 } });
    await world.clock.advance(50);
    expect(cache.status().memory?.bytes).to.be.within(70_000, 100_000);
    expect(world.redis.calls('MGET') - before).to.be.below(5);
  });

  it('keeps the hot values when keys that are asked for once come by', async () => {
    await earlier();
    const cache = world.process({ memory: { max: 50 } });
    await world.clock.advance(50);
    for (let i = 0; i < 500; i++) await cache.set(`once:${i}`, i);
    world.redis.kill();
    await world.clock.advance(200);
    const kept = await Promise.all(KEYS.map((key) => cache.has(key)));
    expect(kept.filter(Boolean)).to.have.length(40);
  });

  it('fills memory again after an outage', async () => {
    await earlier();
    const cache = world.process();
    await world.clock.advance(50);
    world.redis.kill();
    await world.clock.advance(5_000);
    world.redis.restart({ from: 'log', without: 0 });
    await world.clock.advance(20_000);
    expect(cache.status().mode).to.equal('normal');
    const { values } = cache.metrics().warm ?? { values: { redis: 0 } };
    expect(values.redis).to.be.above(40);
  });

  it('counts the values that were not of use', async () => {
    await earlier();
    const cache = world.process();
    await world.clock.advance(50);
    await cache.get(KEYS[0] as string);
    await cache.delete(KEYS[1] as string);
    await cache.get(KEYS[1] as string);
    expect(cache.metrics().warm).to.deep.include({ read: 1, unread: 1, waiting: 38 });
    await world.clock.advance(300_000);
    expect(cache.metrics().warm).to.deep.include({ read: 1, unread: 39, waiting: 0 });
  });

  describe('makes readiness wait', () => {
    it('once, and with a progress', async () => {
      await earlier();
      const cache = world.process();
      expect(cache.status().warming).to.deep.equal({ progress: 0 });
      const seen: boolean[] = [];
      for (let i = 0; i < 40; i++) {
        await world.clock.advance(1);
        seen.push(cache.status().warming !== undefined);
      }
      world.redis.kill();
      await world.clock.advance(5_000);
      world.redis.restart({ from: 'log', without: 0 });
      for (let i = 0; i < 400; i++) {
        await world.clock.advance(50);
        seen.push(cache.status().warming !== undefined);
      }
      expect(cache.status().mode).to.equal('normal');
      expect(seen.filter((isWarming, i) => i > 0 && isWarming !== seen[i - 1]).length).to.be.below(
        2,
      );
      expect(seen.at(-1)).to.equal(false);
    });

    it('two seconds at most for a Redis that hangs', async () => {
      await earlier();
      world.redis.hang();
      const cache = world.process();
      await world.clock.advance(2_000);
      expect(cache.status().warming).to.equal(undefined);
    });

    it('not for a Redis that is down', async () => {
      world.redis.kill();
      const cache = world.process();
      await world.clock.advance(200);
      expect(cache.status().warming).to.equal(undefined);
    });

    it('two seconds at most for a loader that hangs', async () => {
      world.leaveList(KEYS);
      const cache = world.process({
        warm: { loaders: { 'product:': () => new Promise(() => {}) } },
      });
      await world.clock.advance(1_900);
      expect(cache.status().warming?.progress).to.be.within(0, 0.9);
      await world.clock.advance(100);
      expect(cache.status().warming).to.equal(undefined);
    });

    it('not any more when it is closed', async () => {
      world.redis.hang();
      const cache = world.process();
      await cache.close();
      expect(cache.status().warming).to.equal(undefined);
    });
  });

  describe('is harmed by no list:', () => {
    const lists: Readonly<Record<string, string>> = {
      'no JSON': '<html>',
      'another shape': '{"format":1,"at":1,"keys":{}}',
      'ten megabytes': JSON.stringify({ format: 1, at: 1, keys: ['x'.repeat(10 * 1024 * 1024)] }),
      'an old one': '{"format":1,"at":1,"keys":[["product:1",1]]}',
    };
    for (const [what, text] of Object.entries(lists)) {
      it(`${what}, which one warning names, and the next write replaces`, async () => {
        await earlier();
        world.leave(text);
        const cache = world.process();
        await world.clock.advance(100);
        expect(cache.status()).to.include({ mode: 'normal' }).and.not.have.property('warming');
        await cache.get('product:1');
        await world.clock.advance(90_000);
        expect(world.listed).to.include('product:1');
        expect(world.warnings.filter((text) => text.includes('hot keys'))).to.have.length(1);
        expect(world.warnings.join().length).to.be.below(500);
      });
    }

    it('another type, without a word', async () => {
      world.redis.execute(['HSET', LIST, 'field', 'value']);
      const cache = world.process();
      await world.clock.advance(100);
      await cache.get('a');
      await world.clock.advance(30_000);
      expect(world.listed).to.deep.equal(['a']);
      expect(world.warnings).to.deep.equal([]);
    });

    it('names that are no keys, or the own ones', async () => {
      const loaded: string[] = [];
      const bad = ['', '__ech:{ech}:gen', 'x'.repeat(2_000), '\ud800', 'product:1'];
      world.leaveList(bad);
      const loaders = {
        product: (id: string) => loaded.push(id),
        '__ech:': () => loaded.push('own'),
      };
      world.process({ warm: { loaders } });
      await world.clock.advance(3_000);
      expect(loaded).to.deep.equal([':1']);
    });
  });

  it('leaves no timer behind when it is closed, whatever it was doing', async () => {
    for (const pause of [0, 1, 30, 3_000]) {
      world.leaveList(KEYS);
      const cache = world.process({
        warm: { loaders: { 'product:': () => new Promise(() => {}) } },
      });
      await world.clock.advance(pause);
      await cache.close();
      await world.clock.advance(60_000);
      expect(cache.status().warming).to.equal(undefined);
    }
  });
});
