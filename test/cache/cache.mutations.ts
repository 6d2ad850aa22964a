import type { Mutation } from '../support/mutation.js';

const test = 'in a row of misses';

export const mutations: readonly Mutation[] = [
  {
    title: 'a row of misses of get holds the event loop',
    file: 'cache/reads/reads.js',
    find: 'answer === undefined ? this.#parts.turns.due() : undefined',
    replace: 'undefined',
    test,
  },
  {
    title: 'a row of misses of has holds the event loop',
    file: 'cache/reads/reads.js',
    find: 'if (answer === undefined) await this.#parts.turns.due();',
    replace: '',
    test,
  },
  {
    title: 'a row of loads holds the event loop',
    file: 'cache/reads/reads.js',
    find: '(found)); await this.#parts.turns.due();',
    replace: '(found));',
    test,
  },
  {
    title: 'a row of loads of send holds the event loop',
    file: 'cache/sending/send-json.js',
    find: 'await parts.turns.due();',
    replace: '',
    test,
  },
];
