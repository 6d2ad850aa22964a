import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'nothing is protected',
    file: 'memory/memory-tier.js',
    find: 'const PROTECTED_SHARE = 0.8;',
    replace: 'const PROTECTED_SHARE = 0;',
  },
  {
    title: 'each of the two segments is as large as all of memory',
    file: 'memory/memory-tier.js',
    find: 'while (this.entries > max || this.bytes > maxBytes)',
    replace: 'while (false)',
  },
];
