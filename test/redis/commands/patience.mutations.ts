import type { Mutation } from '../../support/mutation.js';

const file = 'redis/commands/reads/patience.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a large value that arrives is not waited for',
    file,
    find: 'waiting.isSent && this.#isArriving()',
    replace: 'false',
  },
  {
    title: 'a server that never stops sending is waited for',
    file,
    find: ' && arrived <= LARGEST_BYTES',
    replace: '',
  },
  {
    title: 'what was not sent waits for the values of others',
    file,
    find: 'waiting.isSent && this.#isArriving()',
    replace: 'this.#isArriving()',
  },
];
