import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'no time is kept for the clean-up',
    file: 'shutdown/shut-down.js',
    find: 'const CLEAN_UP_SHARE = 0.25;',
    replace: 'const CLEAN_UP_SHARE = 0;',
  },
  {
    title: 'a watcher waits for the drain delay',
    file: 'shutdown/shut-down.js',
    find: 'if (isBySignal &&',
    replace: 'if (false &&',
  },
  {
    title: 'an error ends the steps',
    file: 'shutdown/shut-down.js',
    find: 'failures.push(error);',
    replace: 'throw error;',
  },
  {
    title: 'a cache that does not close takes all the time',
    file: 'shutdown/shut-down.js',
    find: 'ms: limitMs',
    replace: 'ms: 1e9',
  },
];
