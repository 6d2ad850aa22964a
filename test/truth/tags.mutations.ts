import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'tags: an invalidation does not reach the records',
    file: 'tiers/tiered-store.js',
    find: 'return this.#change(tags.map((tag) => [(0, entry_tags_js_1.tagKey)(tag), undefined]));',
    replace: "return Promise.resolve('applied');",
  },
  {
    title: 'tags: a load in flight goes on when a known tag is invalidated',
    file: 'loading/flight/flight-table.js',
    find: 'flight.hasTag(tags)',
    replace: 'false',
    test: 'in memory',
  },
  {
    title: 'tags: a later caller gets the value of an old load',
    file: 'loading/flight/await-flights.js',
    find: "outcome.kind === 'value' && this.#flight.mayBeTooOldFor(this.#cameAt)",
    replace: 'false',
    test: 'a later caller came',
  },
  {
    title: 'tags: a load whose late tag was invalidated is stored',
    file: 'loading/task/load-tags.js',
    find: '{ lifeMs, since: flight.group.since }',
    replace: '{ lifeMs }',
    test: 'another process invalidated them',
  },
  {
    title: 'tags: a claim returns a value with an invalid tag',
    file: 'tiers/leases/claims.js',
    find: 'checked.then((isCurrent) => (isCurrent ? -1 : i))',
    replace: 'checked.then(() => -1)',
    test: 'loaded again',
  },
];
