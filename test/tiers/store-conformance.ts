import { expect } from 'chai';
import { decodeValue, encodeValue } from '../../lib/entry/codec.js';
import { payloadOffset } from '../../lib/entry/entry.js';
import type { Claim, Found, KeyChange, Lease, NewValue, Store } from '../../lib/tiers/store.js';

/** A store under test, with nothing in it. */
export interface Subject {
  readonly store: Store;
  /** Lets so much time go by, on every clock that the store reads. */
  advance(ms: number): Promise<void>;
  /** Ends what the store began. */
  stop(): Promise<void> | void;
}

export interface SubjectKind {
  readonly name: string;
  /** Whether there is a Redis behind it, which serves. */
  readonly hasRedis: boolean;
  make(): Promise<Subject> | Subject;
}

const MINUTE = 60_000;

const newValue = (value: unknown, life: Partial<NewValue> = {}): NewValue => ({
  payload: encodeValue(value),
  ttlMs: MINUTE,
  graceMs: 0,
  loadMs: 0,
  ...life,
});

const decoded = (found: Found | undefined): unknown =>
  found && decodeValue(found.entry, payloadOffset(found.entry));

const leaseOf = (claim: Claim | undefined): Lease | undefined =>
  claim?.kind === 'granted' ? claim.lease : undefined;

/** What every Store promises to the rooms above it. */
export function storeConformance(kind: SubjectKind): void {
  describe(`the store port: ${kind.name}`, () => {
    let subject: Subject;
    let store: Store;

    beforeEach(async () => {
      subject = await kind.make();
      store = subject.store;
    });

    afterEach(() => subject.stop());

    const read = async (key: string): Promise<unknown> => decoded(await store.get(key));
    const claim = async (key: string, mode: 'load' | 'refresh' = 'load'): Promise<Claim> =>
      (await store.claim([key], mode))[0] as Claim;

    describe('values', () => {
      it('are given back as they were put', async () => {
        expect(await read('a')).to.equal(undefined);
        expect(await store.put('a', newValue({ n: 1 }))).to.equal('applied');
        expect(await read('a')).to.deep.equal({ n: 1 });
      });

      it('are found many at once, in the order asked', async () => {
        expect(
          await store.putMany([
            ['a', newValue(1)],
            ['c', newValue(3)],
          ]),
        ).to.equal('applied');
        const found = await store.getMany(['c', 'b', 'a']);
        expect(found.map(decoded)).to.deep.equal([3, undefined, 1]);
        expect(await store.getMany([])).to.deep.equal([]);
      });

      it('are gone when they were removed, one or many', async () => {
        for (const key of ['a', 'b', 'c']) await store.put(key, newValue(key));
        expect(await store.remove('a')).to.equal('applied');
        expect(await store.removeMany(['b', 'missing'])).to.equal('applied');
        const found = await store.getMany(['a', 'b', 'c']);
        expect(found.map(decoded)).to.deep.equal([undefined, undefined, 'c']);
      });

      it('are gone when a pattern that matches was cleared', async () => {
        for (const key of ['user:1', 'user:2', 'page:1']) await store.put(key, newValue(key));
        expect(await store.clear('user:*')).to.equal('applied');
        const found = await store.getMany(['user:1', 'user:2', 'page:1']);
        expect(found.map(decoded)).to.deep.equal([undefined, undefined, 'page:1']);
        expect(await store.clear('*')).to.equal('applied');
        expect(await read('page:1')).to.equal(undefined);
      });

      it('are kept when they are set after a clear', async () => {
        const clearing = store.clear('*');
        const setting = store.put('a', newValue(1));
        await Promise.all([clearing, setting]);
        expect(await read('a')).to.equal(1);
      });

      it('of two calls at once for a key, the later one stays', async () => {
        await Promise.all([store.put('a', newValue(1)), store.put('a', newValue(2))]);
        expect(await read('a')).to.equal(2);
        await Promise.all([store.put('a', newValue(3)), store.remove('a')]);
        expect(await read('a')).to.equal(undefined);
      });

      it('expire after their ttl, and are stale within their grace', async () => {
        await store.put('short', newValue(1, { ttlMs: 200 }));
        await store.put('graced', newValue(2, { ttlMs: 200, graceMs: MINUTE }));
        expect((await store.get('graced'))?.isStale).to.equal(false);
        await subject.advance(300);
        expect(await store.get('short')).to.equal(undefined);
        const stale = await store.get('graced');
        expect([decoded(stale), stale?.isStale]).to.deep.equal([2, true]);
      });
    });

    describe('a claim', () => {
      if (kind.hasRedis) {
        it('is granted for a missing key, and held for the next caller', async () => {
          expect((await claim('a')).kind).to.equal('granted');
          expect((await claim('a')).kind).to.equal('held');
        });

        it('has one answer for each key, in order', async () => {
          await store.put('b', newValue(2));
          const claims = await store.claim(['a', 'b', 'c'], 'load');
          expect(claims.map((each) => each.kind)).to.deep.equal(['granted', 'value', 'granted']);
          expect(decoded(claims[1]?.kind === 'value' ? claims[1].found : undefined)).to.equal(2);
        });

        it('to refresh is granted over a fresh value, which stays readable', async () => {
          await store.put('a', newValue(1));
          expect((await claim('a', 'refresh')).kind).to.equal('granted');
          expect((await claim('a', 'refresh')).kind).to.equal('held');
          expect(await read('a')).to.equal(1);
        });

        it('is granted again when the lease was given back', async () => {
          leaseOf(await claim('a'))?.release();
          await subject.advance(50);
          expect((await claim('a')).kind).to.equal('granted');
        });

        it('to load finds the value that was filled', async () => {
          const lease = leaseOf(await claim('a'));
          await store.fill([{ key: 'a', lease, value: newValue('loaded') }]);
          const again = await claim('a');
          expect(decoded(again.kind === 'value' ? again.found : undefined)).to.equal('loaded');
        });

        it('is renewed for as long as it is not filled', async () => {
          await claim('a');
          for (let i = 0; i < 10; i++) {
            await subject.advance(100);
            expect((await claim('a')).kind, `${i + 1} × 100 ms later`).to.equal('held');
          }
        });
      } else {
        it('is none, and a value filled without a lease is found in memory', async () => {
          expect((await claim('a')).kind).to.equal('none');
          await store.fill([{ key: 'a', lease: undefined, value: newValue(1) }]);
          expect(decoded(store.peek('a'))).to.equal(1);
          expect(await read('a')).to.equal(1);
        });
      }

      it('is filled for many keys at once', async () => {
        const keys = ['a', 'b', 'c'];
        const claims = await store.claim(keys, 'load');
        const loaded = keys.map((key, i) => ({
          key,
          lease: leaseOf(claims[i]),
          value: newValue(`loaded ${key}`),
        }));
        await store.fill(loaded);
        const found = await store.getMany(keys);
        expect(found.map(decoded)).to.deep.equal(['loaded a', 'loaded b', 'loaded c']);
      });

      if (kind.hasRedis) {
        const changes: Readonly<Record<string, () => Promise<unknown>>> = {
          'a set': () => store.put('a', newValue('changed')),
          'a delete': () => store.remove('a'),
          'a delete of many': () => store.removeMany(['a', 'b']),
          'a clear': () => store.clear('*'),
          'a clear of a pattern': () => store.clear('a*'),
        };
        for (const [name, change] of Object.entries(changes)) {
          it(`stores nothing after ${name} that came before the lease was filled`, async () => {
            const lease = leaseOf(await claim('a'));
            const changing = change();
            await store.fill([{ key: 'a', lease, value: newValue('obsolete') }]);
            await changing;
            expect(await read('a')).to.equal(name === 'a set' ? 'changed' : undefined);
          });
        }
      }
    });

    describe('changes', () => {
      it('are heard in the call itself, before anything is awaited', async () => {
        const heard: KeyChange[] = [];
        store.onChange((change) => heard.push(change));
        const keys = (): (string | undefined)[] =>
          heard.map((change) => ('key' in change ? change.key : undefined));
        const calls = [store.put('a', newValue(1))];
        expect(keys()).to.deep.equal(['a']);
        calls.push(store.remove('b'), store.removeMany(['c', 'd']));
        expect(keys()).to.deep.equal(['a', 'b', 'c', 'd']);
        calls.push(store.putMany([['e', newValue(1)]]), store.clear('user:*'));
        expect(keys()).to.deep.equal(['a', 'b', 'c', 'd', 'e', undefined]);
        const last = heard.at(-1);
        const matches = last && 'matches' in last ? last.matches : undefined;
        expect(['user:1', 'page:1'].map((key) => matches?.(key))).to.deep.equal([true, false]);
        await Promise.all(calls);
      });

      it('made through a request’s view are heard and seen by all', async () => {
        const heard: KeyChange[] = [];
        store.onChange((change) => heard.push(change));
        await store.forRequest().put('a', newValue(1));
        expect(heard).to.deep.equal([{ key: 'a' }]);
        expect(await read('a')).to.equal(1);
      });

      it('are not emitted for loaded values', async () => {
        const heard: KeyChange[] = [];
        store.onChange((change) => heard.push(change));
        await store.fill([{ key: 'a', lease: leaseOf(await claim('a')), value: newValue(1) }]);
        expect(heard).to.deep.equal([]);
      });
    });

    describe('tags', () => {
      const tagged = async (payload: unknown, ...tags: string[]): Promise<NewValue> => {
        const value = newValue(payload, { graceMs: MINUTE });
        return { ...value, tags: await store.tagVersions(tags, { lifeMs: 2 * MINUTE }) };
      };
      const put = async (key: string, ...tags: string[]): Promise<unknown> =>
        store.put(key, await tagged(key, ...tags));

      it('remove their values when they are invalidated, and no other', async () => {
        await put('a', 'red', 'round');
        await put('b', 'red');
        await put('c', 'round');
        await store.put('d', newValue('d'));
        expect(await store.invalidateTags(['red'])).to.equal('applied');
        const found = await store.getMany(['a', 'b', 'c', 'd']);
        expect(found.map(decoded)).to.deep.equal([undefined, undefined, 'c', 'd']);
        expect(await read('a')).to.equal(undefined);
        expect(store.peek('b')).to.equal(undefined);
        expect(await read('c')).to.equal('c');
      });

      it('of a value that is set after the invalidation are valid', async () => {
        await put('a', 'red');
        await Promise.all([store.invalidateTags(['red']), put('a', 'red')]);
        await put('b', 'red');
        expect(await read('b')).to.equal('b');
        await put('a', 'red');
        expect(await read('a')).to.equal('a');
      });

      it('end a value also within its grace, and for a claim', async () => {
        await store.put('a', { ...(await tagged(1, 'red')), ttlMs: 200 });
        await put('b', 'red');
        await subject.advance(300);
        expect((await store.get('a'))?.isStale).to.equal(true);
        await store.invalidateTags(['red']);
        expect(await store.get('a')).to.equal(undefined);
        expect((await claim('b')).kind).to.equal(kind.hasRedis ? 'granted' : 'none');
      });

      it('whose versions were asked before the invalidation end the value', async () => {
        const value = await tagged('old', 'red');
        const lease = leaseOf(await claim('a'));
        await store.invalidateTags(['red']);
        await store.fill([{ key: 'a', lease, value }]);
        await store.put('b', value);
        expect([await read('a'), await read('b')]).to.deep.equal([undefined, undefined]);
      });

      it('that a load names are refused if they were invalidated since it began', async () => {
        await put('a', 'red', 'round');
        const since = store.tagMoment();
        const need = { lifeMs: MINUTE, since };
        expect(await store.tagVersions(['round', 'new'], need)).to.have.lengthOf(2);
        expect(store.tagsChangedSince(['red', 'new'], since)).to.equal(false);
        await store.invalidateTags(['red', 'new']);
        expect(await store.tagVersions(['new'], need)).to.equal(undefined);
        expect(await store.tagVersions(['round', 'red'], need)).to.equal(undefined);
        expect(store.tagsChangedSince(['round', 'red'], since)).to.equal(true);
        expect(store.tagsChangedSince(['red'], store.tagMoment())).to.equal(false);
        expect(await store.tagVersions(['round'], need)).to.have.lengthOf(1);
      });

      it('are heard in the call itself', async () => {
        const heard: KeyChange[] = [];
        store.onChange((change) => heard.push(change));
        const call = store.invalidateTags(['red', 'round']);
        const [first] = heard;
        expect(first && 'tags' in first ? [...first.tags] : first).to.deep.equal(['red', 'round']);
        await call;
      });

      it('outlive a clear of keys by a pattern, and not a clear of everything', async () => {
        await put('a:1', 'red');
        await put('b:1', 'red');
        await store.clear('*1');
        expect(await read('a:1')).to.equal(undefined);
        await put('b:1', 'red');
        await store.clear('a*');
        expect(await read('b:1')).to.equal('b:1');
        await store.clear('*');
        await put('b:1', 'red');
        expect(await read('b:1')).to.equal('b:1');
      });
    });

    it('has a time that goes on', async () => {
      const before = store.timeOf('a');
      await subject.advance(100);
      expect(store.timeOf('a') - before).to.be.within(50, 5_000);
    });

    it('peeks at memory without reading Redis', async () => {
      expect(store.peek('a')).to.equal(undefined);
      await store.put('a', newValue(1));
      expect(decoded(store.peek('a'))).to.equal(1);
    });

    it('says what serves', () => {
      expect(store.state.mode).to.equal('normal');
      expect(store.state.hasRedis).to.equal(kind.hasRedis);
    });
  });
}
