import type { Mutation } from '../support/mutation.js';

const FILE = 'loading/task/load-tags.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'tags are forgotten while values with learned lifetimes still have them',
    file: FILE,
    find: 'longest.reduce((a, b) => Math.max(a, b), config.ttlMs)',
    replace: 'config.ttlMs',
  },
  {
    title: 'tags are forgotten while values in their grace still have them',
    file: FILE,
    find: 'this.#lifeMs = ttlMs + graceMs;',
    replace: 'this.#lifeMs = ttlMs;',
  },
];
