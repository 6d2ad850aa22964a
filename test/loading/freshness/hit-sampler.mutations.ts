import type { Mutation } from '../../support/mutation.js';

const FILE = 'loading/freshness/hit-sampler.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'every hit is looked at',
    file: FILE,
    find: 'return --this.#left <= 0;',
    replace: 'return true;',
  },
  {
    title: 'a hit that is looked at stands for itself alone',
    file: FILE,
    find: 'return stands;',
    replace: 'return 1;',
    test: 'stand for all',
  },
];
