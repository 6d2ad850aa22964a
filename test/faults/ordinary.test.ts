import { type ChildProcess, spawn } from 'node:child_process';
import { expect } from 'chai';
import type { CacheMiddleware } from '../../lib/index.js';
import { Scene, type Witness } from './scene.js';

type Member = CacheMiddleware & { readonly witness: Witness };

const KIB = 1_024;

const keysOf = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}:${i}`);

/** Nothing happened that anybody would call an outage. */
function expectNoFault({ cache, witness }: Member): void {
  expect(witness.changes, 'changes of mode').to.deep.equal([]);
  expect(cache.status().journal).to.include({ entries: 0, overflows: 0 });
  expect(cache.status().metrics.errors, 'errors').to.equal(0);
}

describe('faults: ordinary load is none', function () {
  this.timeout(90_000); // real work, on machines that are shared

  let scene: Scene;
  beforeEach(async () => {
    // The server may let replies wait for as long as we read slowly.
    scene = await Scene.open('--save', '', '--client-output-buffer-limit', 'normal 0 0 0');
  });
  afterEach(() => scene.close());

  it('a value of 16 MiB, asked for every 150 ms, beside other traffic', async () => {
    const member = await scene.join();
    const { cache } = member;
    const large = 'x'.repeat(16 * KIB * KIB);
    expect(await cache.set('large', large)).to.equal('applied');
    await cache.setMany(keysOf('small', 50).map((key) => [key, key]));
    let isOver = false;
    const wrong: unknown[] = [];
    const others = (async () => {
      for (let i = 0; !isOver; i++) {
        const key = `small:${i % 50}`;
        const value = await cache.get(key);
        if (value !== undefined && value !== key) wrong.push(value);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    const reads: Promise<unknown>[] = [];
    for (let i = 0; i < 15; i++) {
      reads.push(cache.get('large'));
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    for (const value of await Promise.all(reads)) {
      if (value !== undefined && value !== large) wrong.push('another value than the large one');
    }
    isOver = true;
    await others;
    expect(wrong).to.deep.equal([]);
    expectNoFault(member);
  });

  it('sixteen values of 512 KB at once, written and read', async () => {
    const member = await scene.join();
    const another = await scene.join();
    const large = 'x'.repeat(512 * KIB);
    const keys = keysOf('large', 16);
    const results = await Promise.all(keys.map((key) => member.cache.set(key, large)));
    expect(new Set(results)).to.deep.equal(new Set(['applied']));
    await Promise.all(keys.map((key) => another.cache.get(key)));
    expect([...(await another.cache.getMany(keys)).values()]).to.deep.equal(keys.map(() => large));
    for (const each of [member, another]) expectNoFault(each);
  });

  it('12 000 entries at once, and as many single calls, while two processes keep the machine busy', async () => {
    const member = await scene.join();
    const { cache } = member;
    const busy: ChildProcess[] = [1, 2].map(() => spawn(process.execPath, ['-e', 'for (;;);']));
    try {
      const keys = keysOf('entry', 12_000);
      const entries = keys.map((key) => [key, { key, text: 'x'.repeat(150) }] as const);
      expect(await cache.setMany(entries)).to.equal('applied');
      expect((await cache.getMany(keys)).size).to.equal(keys.length);
      const results = await Promise.all(keys.map((key) => cache.set(key, key)));
      expect(results.filter((result) => result !== 'applied')).to.deep.equal([]);
      const values = await Promise.all(keys.map((key) => cache.get(key)));
      const wrong = values.filter((value, i) => value !== undefined && value !== keys[i]);
      expect(wrong).to.deep.equal([]);
      expectNoFault(member);
    } finally {
      for (const each of busy) each.kill();
    }
  });
});
