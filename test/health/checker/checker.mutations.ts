import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'an old verdict is served while shutting down',
    file: 'health/checker/checker.js',
    find: 'runner.fresh() ?? (',
    replace: 'runner.last ?? (',
  },
  {
    title: 'a late timer is believed',
    file: 'health/checker/check-runner.js',
    find: 'maxPostponements: 3',
    replace: 'maxPostponements: 0',
  },
  {
    title: 'a check that one probe excludes counts for the history',
    file: 'health/checker/checker.js',
    find: 'if (scope.excluded.size === 0) this.#record(status, findings, scope);',
    replace: 'this.#record(status, findings, scope);',
  },
];
