import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Cache } from '../../lib/index.js';
import { unhandled, until } from '../support/wait.js';
import { isUp, Scene } from './scene.js';

const KEYS = Array.from({ length: 12 }, (_, i) => `visitor:${i}`);

/** What a visitor may be answered with: the own value, or nothing. */
function expectOwn(key: string, value: unknown): void {
  expect(value, `what ${key} was answered with`).to.be.oneOf([undefined, `the secret of ${key}`]);
}

describe('faults: replies and commands come apart', () => {
  let scene: Scene;
  let loose: ReturnType<typeof unhandled>;
  beforeEach(async () => {
    scene = await Scene.open();
    loose = unhandled();
  });
  afterEach(async () => {
    await scene.close();
    expect(loose.stop()).to.deep.equal([]);
  });

  async function filled(): Promise<Awaited<ReturnType<Scene['join']>>> {
    const middleware = await scene.join({ memory: false });
    for (const key of KEYS) await middleware.cache.set(key, `the secret of ${key}`);
    return middleware;
  }

  /** One command each: reads of one turn of the event loop would share one. */
  async function readEach(cache: Cache): Promise<void> {
    const reads: Promise<void>[] = [];
    for (const key of KEYS) {
      reads.push(cache.get(key).then((value) => expectOwn(key, value)));
      await turn();
    }
    await Promise.all(reads);
  }

  it('serves no visitor another visitor’s value when one reply is lost', async () => {
    const middleware = await filled();
    const accepted = scene.proxy.accepted;
    scene.proxy.dropReplies(1);
    await readEach(middleware.cache);
    await until(() => scene.proxy.accepted > accepted, 'the connection is rebuilt');
    await isUp(middleware);
    await until(() => scene.proxy.connections === 1, 'the old connection is closed');
    await readEach(middleware.cache);
  });

  it('serves no visitor another visitor’s value when reads share a command', async () => {
    const { cache } = await filled();
    scene.proxy.dropReplies(1);
    for (let round = 0; round < 3; round++) {
      const many = [KEYS.slice(0, 4), KEYS.slice(4, 8), KEYS.slice(8)];
      const reads = many.map(async (keys) => {
        await turn();
        for (const [key, value] of await cache.getMany(keys)) expectOwn(key, value);
      });
      await turn();
      await Promise.all(reads);
      await Promise.all(KEYS.map(async (key) => expectOwn(key, await cache.get(key))));
    }
  });

  it('fails no call, whichever command loses its reply', async () => {
    const middleware = await filled();
    const { cache } = middleware;
    const calls: (() => Promise<unknown>)[] = [
      () => cache.get('visitor:0'),
      () => cache.clear('nothing:*'),
      () => cache.set('visitor:1', 'the secret of visitor:1'),
      () => cache.getMany(['visitor:2', 'visitor:3']),
      () => cache.delete('visitor:4'),
      () => cache.getOrSet('visitor:5', () => 'the secret of visitor:5'),
      () => cache.has('visitor:6'),
      () => cache.getOrSet('absent', () => 'absent'),
      () => cache.get('visitor:7'),
    ];
    for (let first = 0; first < calls.length; first++) {
      await isUp(middleware);
      scene.proxy.dropReplies(1);
      const pending: Promise<unknown>[] = [];
      for (const call of [...calls.slice(first), ...calls.slice(0, first)]) {
        pending.push(call());
        await turn();
      }
      await Promise.all(pending);
    }
    await isUp(middleware);
    await until(() => cache.status().journal.entries === 0, 'the journal is empty');
    await readEach(cache);
  });

  it('survives a reply without a command', async () => {
    const middleware = await filled();
    const strays = [
      '$-1\r\n',
      '+OK\r\n',
      ':1\r\n',
      '*2\r\n$1\r\n0\r\n*0\r\n',
      '_\r\n',
      '-ERR stray\r\n',
    ];
    for (const stray of strays) {
      await isUp(middleware);
      scene.proxy.garbage(stray);
      await readEach(middleware.cache);
      await middleware.cache.clear('nothing:*');
      await middleware.cache.set('stray', stray);
    }
    await isUp(middleware);
    await readEach(middleware.cache);
  });

  it('survives garbage in the middle of the stream', async () => {
    const middleware = await filled();
    const { cache, witness } = middleware;
    const accepted = scene.proxy.accepted;
    const reads = readEach(cache);
    scene.proxy.garbage();
    await reads;
    await until(() => scene.proxy.accepted > accepted, 'the connection is rebuilt');
    await isUp(middleware);
    expect(witness.errors[0]).to.match(/is not used since/);
    await readEach(cache);
  });

  it('serves no visitor another visitor’s value while both wait for another process', async () => {
    const waiting = await scene.join({ memory: false });
    const another = await scene.join({ memory: false, redis: scene.server.url });
    const keys = KEYS.slice(0, 6);
    for (let round = 0; round < 3; round++) {
      await isUp(waiting);
      await another.cache.clear();
      let finish = (): void => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const load = async ({ key }: { key: string }): Promise<string> => {
        await finished;
        return `the secret of ${key}`;
      };
      const loading = keys.map((key) => another.cache.getOrSet(key, load));
      await until(
        async () =>
          (await scene.server.command('EXISTS', ...keys.map((key) => `cache:${key}`))) ===
          keys.length,
        'the leases are taken',
      );
      const answers = keys.map(async (key, i) => {
        for (let turns = 0; turns < i; turns++) await turn();
        return waiting.cache.getOrSet(key, load);
      });
      for (let turns = 0; turns < 20; turns++) await turn();
      scene.proxy.dropReplies(1);
      finish();
      expect(await Promise.all(answers)).to.deep.equal(keys.map((key) => `the secret of ${key}`));
      await Promise.all(loading);
    }
  });

  it('takes an entry that was copied to another key for a miss', async () => {
    const middleware = await filled();
    const { cache } = middleware;
    await scene.server.command('COPY', 'cache:visitor:1', 'cache:copy');
    expect(await cache.get('copy')).to.equal(undefined);
    await isUp(middleware);
    expect(await cache.getOrSet('copy', () => 'loaded')).to.equal('loaded');
    expect(await cache.get('copy')).to.equal('loaded');
    expect(await cache.get('visitor:1')).to.equal('the secret of visitor:1');
  });

  it('lets no visitor break the connection with a key', async () => {
    const { cache, witness } = await filled();
    const halves = ['half:\ud800', 'half:\udbff', 'half:\udfff'];
    for (const [i, key] of halves.entries()) await cache.set(key, i).catch(() => {});
    for (const [i, key] of halves.entries()) {
      expect(await cache.get(key).catch(() => undefined)).to.be.oneOf([undefined, i]);
    }
    expect(witness.changes).to.deep.equal([]);
  });
});
