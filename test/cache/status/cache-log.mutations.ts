import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the same line is repeated within a minute',
    file: 'cache/status/cache-log.js',
    find: 'if (now >= quietUntil) {',
    replace: 'if (true) {',
    test: 'counts what is said again',
  },
  {
    title: 'a line that was left out is never written',
    file: 'cache/status/cache-log.js',
    find: 'topic.timer ??=',
    replace: 'if (false) topic.timer ??=',
    test: 'ends with what is true',
  },
];
