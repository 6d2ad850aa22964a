import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'advance does not wait for what follows from a timer',
    file: 'testing/test-clock.js',
    find: 'if (this.#polled === polled && this.#polls === 0) return;',
    replace: 'return;',
  },
  {
    title: 'calls of advance run at once',
    file: 'testing/test-clock.js',
    find: 'this.#advance(this.#now + ms)',
    replace: 'this.#advance(ms)',
  },
];
