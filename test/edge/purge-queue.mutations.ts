import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'an edge is purged once',
    file: 'edge/queue/backlog.js',
    find: 'if (due.round === 2)',
    replace: 'this.#first--; if (true)',
  },
  {
    title: 'an edge gets more purges than it documents',
    file: 'edge/queue/token-bucket.js',
    find: 'this.#tokens--;',
    replace: '',
  },
];
