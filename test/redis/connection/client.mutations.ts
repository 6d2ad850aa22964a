import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a client is built with a method for each command of Redis',
    file: 'redis/connection/client.js',
    find: 'new RedisClient({',
    replace: "require('redis').createClient({",
  },
];
