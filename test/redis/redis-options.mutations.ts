import type { Mutation } from '../support/mutation.js';

const FILE = 'redis/redis-options.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a password that is not encoded is read as far as it goes',
    file: FILE,
    find: 'if (!hasUnencodedCredentials(text))\n        return;',
    replace: 'return;',
  },
  {
    title: 'user and password end at the first @',
    file: FILE,
    find: "rest.lastIndexOf('@')",
    replace: "rest.indexOf('@')",
  },
  {
    title: 'a % that encodes nothing is taken',
    file: FILE,
    find: '|%(?![0-9a-f]{2})',
    replace: '',
  },
];
