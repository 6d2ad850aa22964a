import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a check that one probe excludes counts there',
    file: 'health/checker/checker.js',
    find: '&& !scope.excluded.has(config.name)',
    replace: '',
  },
  {
    title: 'a check that one probe excludes counts for the history',
    file: 'health/checker/checker.js',
    find: 'if (scope.excluded.size === 0) this.#record(status, findings, scope);',
    replace: 'this.#record(status, findings, scope);',
  },
  {
    title: 'the cache cannot be excluded',
    file: 'health/checker/checker.js',
    find: "&& !scope.excluded.has('cache')",
    replace: '',
  },
];
