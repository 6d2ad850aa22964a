import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the round trip writes in an outage',
    file: 'health/checks/cache-round-trip-check.js',
    find: "if (mode !== 'normal')",
    replace: 'if (false)',
  },
  {
    title: 'each run has a key',
    file: 'health/checks/cache-round-trip-check.js',
    find: 'cache.set(key, mark',
    replace: 'cache.set(key + mark, mark',
  },
];
