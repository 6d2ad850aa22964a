import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a check that one probe excludes counts there',
    file: 'health/checker/checker.js',
    find: '&& !scope.excluded.has(config.name)',
    replace: '',
  },
  {
    title: 'the cache cannot be excluded',
    file: 'health/checker/checker.js',
    find: "scope.isCriticalOnly || scope.excluded.has('cache')",
    replace: 'scope.isCriticalOnly',
  },
];
