import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'tracers see heartbeats',
    file: 'core/background.js',
    find: 'around = run;',
    replace: '',
  },
];
