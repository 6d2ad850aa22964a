import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a verdict never becomes too old',
    file: 'health/checker/check-runner.js',
    find: 'clock.now() - last.at >= maxAgeMs',
    replace: 'false',
  },
  {
    title: 'an old verdict is served while the event loop is late',
    file: 'health/checker/check-runner.js',
    find: 'if (!run.isOverdue)\n return run.verdict;',
    replace: 'if (this.#last) return this.#last.result;\n if (!run.isOverdue) return run.verdict;',
  },
];
