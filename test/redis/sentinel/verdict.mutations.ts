import type { Mutation } from '../../support/mutation.js';

const FILE = 'redis/sentinel/verdict.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the epoch is ignored',
    file: FILE,
    find: 'return epoch;',
    replace: 'return 0;',
  },
  {
    title: 'one Sentinel is believed alone',
    file: FILE,
    find: 'const WITNESSES = 2;',
    replace: 'const WITNESSES = 1;',
  },
  {
    title: 'the epoch goes back at once',
    file: FILE,
    find: 'isComplete && hearing.isOutdated && newest',
    replace: 'newest',
  },
];
