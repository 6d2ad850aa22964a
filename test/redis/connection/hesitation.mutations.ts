import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'callers give up as soon as is usual, whatever commandTimeout is',
    file: 'redis/connection/hesitation.js',
    find: 'Math.max(commandTimeoutMs * CALLERS_SHARE, this.#longestUsualMs)',
    replace: 'this.#longestUsualMs',
  },
  {
    title: 'callers do not wait longer on a starved machine',
    file: 'redis/connection/hesitation.js',
    find: 'const WAIT_PER_LAG = 5;',
    replace: 'const WAIT_PER_LAG = 0;',
  },
];
