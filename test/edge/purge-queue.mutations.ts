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
  {
    title: 'an edge without tags is to purge one that it does not know',
    file: 'edge/edge-tier.js',
    find: 'everything: isTagged ? undefined : everything',
    replace: 'everything: undefined',
  },
];
