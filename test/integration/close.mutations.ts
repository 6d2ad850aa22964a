import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'close() does not wait for changes that Redis has not answered',
    file: 'cache/create-cache.js',
    find: 'if (last !== undefined)',
    replace: 'if (false)',
    test: 'waits for set that no caller awaits, connected',
  },
  {
    title: 'close() does not wait for changes that wait for the first connection',
    file: 'tiers/shards.js',
    find: 'if (early !== undefined)',
    replace: 'if (false)',
    test: 'waits for set that no caller awaits, still connecting',
  },
  {
    title: 'close() does not wait for bulk changes that wait for their turn',
    file: 'cache/create-cache.js',
    find: 'bulkChanges.running ??',
    replace: '',
    test: 'waits for setMany that no caller awaits, connected',
  },
  {
    title: 'close() does not wait for a scan',
    file: 'tiers/shard-store.js',
    find: 'return this.#sweeper.running;',
    replace: 'return undefined;',
    test: 'waits for clear(pattern)',
  },
  {
    title: 'close() does not wait for a change of generation',
    file: 'tiers/shard-store.js',
    find: 'queue.isEmpty && !queue.barriers.areUp',
    replace: 'queue.isEmpty',
    test: 'waits for clear that no caller awaits, connected',
  },
];
