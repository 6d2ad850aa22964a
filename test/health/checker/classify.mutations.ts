import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a rejection is well',
    file: 'health/checker/classify.js',
    find: "return value.status === 'rejected'",
    replace: 'return false',
  },
  {
    title: 'a list is rows only',
    file: 'health/checker/classify.js',
    find: 'if (Array.isArray(value))',
    replace: 'if (false)',
  },
  {
    title: 'ok: 0 is well',
    file: 'health/checker/verdict-words.js',
    find: 'return value === 0 || value === 0n;',
    replace: 'return false;',
  },
  {
    title: 'healthy: false is well',
    file: 'health/checker/verdict-words.js',
    find: "return value === false || value === 'false';",
    replace: 'return false;',
  },
  {
    title: 'words have a case',
    file: 'health/checker/verdict-words.js',
    find: '.trim().toLowerCase()',
    replace: '.trim()',
  },
];
