import { expect } from 'chai';
import type { Cache, ModeChange } from '../../lib/index.js';
import { until } from '../support/wait.js';
import { Stand } from './stand.js';

const PAIRS = [
  ['app:', 'app:admin:'],
  ['app', 'app:'],
  ['a:', 'a:a:'],
] as const;

const KEYS = 10_000;
const KEYS_AT_ONCE = 250;

/** What keys are made of: a key of one cache is often a key of the other, too. */
const PIECES = ['a', 'b', 'a:', 'app', ':', 'admin:', 'admin:a:', '*', '[', '7', 'x', 'L', 'E2'];

interface Owned {
  readonly owner: string;
  readonly key: string;
}

/** The same keys in each run. */
class RandomKeys {
  #state = 1;

  take(count: number): string[] {
    return Array.from({ length: count }, () => this.#key());
  }

  #key(): string {
    const pieces = Array.from(
      { length: 1 + this.#below(6) },
      () => PIECES[this.#below(PIECES.length)],
    );
    return pieces.join('');
  }

  #below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }
}

/** One of two caches on one Redis. Each value says who stored it, and under which key. */
class Neighbour {
  readonly name: string;
  readonly cache: Cache;
  readonly changes: ModeChange[] = [];
  found = 0;
  readonly foreign: unknown[] = [];

  constructor(name: string, cache: Cache) {
    this.name = name;
    this.cache = cache;
    cache.on('modechange', (change) => this.changes.push(change));
  }

  async store(keys: readonly string[]): Promise<void> {
    const entries = keys.map((key): [string, Owned] => [key, { owner: this.name, key }]);
    expect(await this.cache.setMany(entries)).to.equal('applied');
  }

  /** Reads all keys, together and one by one. */
  async look(keys: readonly string[]): Promise<string[]> {
    const many = await this.cache.getMany<Owned>(keys);
    const single = await Promise.all(keys.map((key) => this.cache.get<Owned>(key)));
    keys.forEach((key, i) => {
      this.#judge(key, many.get(key));
      this.#judge(key, single[i]);
    });
    return [...many.keys()].sort();
  }

  #judge(key: string, value: Owned | undefined): void {
    if (value === undefined) return;
    if (value.owner === this.name && value.key === key) this.found++;
    else this.foreign.push([key, value]);
  }
}

describe('caches whose prefixes nest or touch', () => {
  let stand: Stand;
  before(async () => {
    stand = await Stand.start();
  });
  afterEach(async () => {
    await stand.closeCaches();
    await stand.redis.command('FLUSHALL');
  });
  after(() => stand.stop());

  /** Without memory: what is read comes from Redis. */
  const open = async (name: string, prefix: string): Promise<Neighbour> =>
    new Neighbour(name, await stand.cache({ prefix, memory: false }));

  /** Also the one that asks. */
  async function connectionsMade(): Promise<number> {
    const info = String(await stand.redis.command('INFO', 'stats'));
    return Number(/total_connections_received:(\d+)/.exec(info)?.[1]);
  }

  /** Without the caches' own records. */
  async function keysInRedis(): Promise<number> {
    const keys = (await stand.redis.command('KEYS', '*')) as string[];
    return keys.filter((key) => !key.includes('__ech:')).length;
  }

  for (const [outerPrefix, innerPrefix] of PAIRS) {
    const rest = innerPrefix.slice(outerPrefix.length);
    /** Under both names of what the inner cache has under its keys. */
    const bothNames = (keys: readonly string[]): string[] => [
      ...new Set(keys.flatMap((key) => [key, rest + key])),
    ];

    it(`'${outerPrefix}' and '${innerPrefix}': no foreign value, no lost connection`, async function () {
      this.timeout(60_000);
      const outer = await open('outer', outerPrefix);
      const inner = await open('inner', innerPrefix);
      const random = new RandomKeys();
      const before = await connectionsMade();
      for (let done = 0; done < KEYS; done += KEYS_AT_ONCE) {
        const keys = random.take(KEYS_AT_ONCE);
        // Every second time the inner cache's entries are written over.
        const isOuterLast = (done / KEYS_AT_ONCE) % 2 === 1;
        if (isOuterLast) await inner.store(keys);
        await outer.store(bothNames(keys));
        if (!isOuterLast) await inner.store(keys);
        for (const neighbour of [outer, inner]) await neighbour.look(bothNames(keys));
      }
      expect([...outer.foreign, ...inner.foreign]).to.deep.equal([]);
      expect(outer.found).to.be.above(KEYS);
      expect(inner.found).to.be.above(KEYS / 2);
      expect([...outer.changes, ...inner.changes]).to.deep.equal([]);
      expect(await connectionsMade()).to.equal(before + 1);
    });

    it(`'${outerPrefix}' and '${innerPrefix}': clear removes only the cache's own entries`, async () => {
      const outer = await open('outer', outerPrefix);
      const inner = await open('inner', innerPrefix);
      const keys = new RandomKeys().take(1_000);
      await outer.store(bothNames(keys));
      await inner.store(keys);
      await stand.redis.command('SET', `${innerPrefix}theirs`, 'theirs');
      const ofInner = await inner.look(keys);
      expect(ofInner).to.have.lengthOf(new Set(keys).size);
      for (const pattern of ['*', `${rest}*`, undefined]) {
        expect(await outer.cache.clear(pattern)).to.equal('applied');
        expect(await outer.look(bothNames(keys))).to.deep.equal([]);
        expect(await inner.look(keys)).to.deep.equal(ofInner);
      }
      await until(async () => (await keysInRedis()) === ofInner.length + 1, 'the sweep has ended');
      expect(await inner.look(keys)).to.deep.equal(ofInner);
      await outer.store(['only the outer']);
      expect(await inner.cache.clear()).to.equal('applied');
      expect(await inner.look(keys)).to.deep.equal([]);
      expect(await outer.look(['only the outer'])).to.deep.equal(['only the outer']);
      expect(await stand.redis.command('GET', `${innerPrefix}theirs`)).to.equal('theirs');
    });
  }
});
