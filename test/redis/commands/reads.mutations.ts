import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'MGET: a reply that is too long is dealt out',
    file: 'redis/commands/reads/read-replies.js',
    find: 'if (!Array.isArray(reply) || reply.length !== count)',
    replace: 'if (!Array.isArray(reply) || reply.length < count)',
  },
];
