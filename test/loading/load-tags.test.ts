import { expect } from 'chai';
import type { Flight } from '../../lib/loading/flight/flight.js';
import type { LoadConfig } from '../../lib/loading/loading-options.js';
import type { Lifetimes } from '../../lib/loading/task/lifetimes.js';
import { LoadTags } from '../../lib/loading/task/load-tags.js';
import type { Store } from '../../lib/tiers/store.js';

describe('the versions of tags that a load asks for', () => {
  const config = { tags: ['shop'], ttlMs: 1_000, graceMs: 100 } as unknown as LoadConfig;
  const flights = ['product:1', 'price:1'].map((key) => ({ key }) as Flight);

  /** How long the versions must live that the load asks for. */
  function lifeOf(lifetimes: Lifetimes | undefined, given: LoadConfig = config): number[] {
    const asked: number[] = [];
    const store = {
      tagVersions(_tags: readonly string[], { lifeMs }: { readonly lifeMs: number }) {
        asked.push(lifeMs);
        return [];
      },
    } as unknown as Store;
    LoadTags.of({ store, config: given, flights }, lifetimes);
    return asked;
  }

  const learned: Lifetimes = {
    loaded: ({ ttlMs }) => ttlMs,
    longestMs: (key, ttlMs) => (key.startsWith('price:') ? 4 * ttlMs : ttlMs / 2),
  };

  it('live as long as a value with its grace', () => {
    expect(lifeOf(undefined)).to.deep.equal([1_100]);
  });

  it('live as long as the longest lifetime that one of the values may get', () => {
    expect(lifeOf(learned)).to.deep.equal([4_100]);
    const shorter: Lifetimes = { ...learned, longestMs: (_, ttlMs) => ttlMs / 2 };
    expect(lifeOf(shorter)).to.deep.equal([1_100]);
  });

  it('are not asked for without tags', () => {
    expect(lifeOf(learned, { ...config, tags: [] })).to.deep.equal([]);
  });
});
