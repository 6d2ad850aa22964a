import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the mark says nothing',
    file: 'core/is-cache.js',
    find: 'isMarked(value) ||',
    replace: '',
  },
  {
    title: 'the methods say nothing',
    file: 'core/is-cache.js',
    find: '|| hasMethods(value, exports.CACHE_METHODS)',
    replace: '',
  },
];
