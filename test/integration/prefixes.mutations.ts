import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: "another cache's entry costs the connection",
    file: 'tiers/reader.js',
    find: 'if (!isStored && isChanged)',
    replace: 'if (true)',
    test: 'no foreign value',
  },
  {
    title: "a sweep removes another cache's entries",
    file: 'redis/commands/lua/sweeps.js',
    find: 'elseif isOurs(entry, ARGV[i * 2 + 1]) and',
    replace: 'elseif',
    test: 'clear removes only',
  },
  {
    title: "the sweep of a dead generation removes another cache's entries",
    file: 'redis/commands/lua/sweeps.js',
    find: 'if isDead and isOurs(head, ARGV[i * 2 + 2]) and',
    replace: 'if isDead and',
    test: 'clear removes only',
  },
];
