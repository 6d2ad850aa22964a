import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a body that nobody reads is kept',
    file: 'health/checker/classify.js',
    find: '(0, http_answer_js_1.release)(value);',
    replace: '',
  },
];
