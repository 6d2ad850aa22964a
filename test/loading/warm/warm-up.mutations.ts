import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the hottest keys are read last',
    file: 'loading/warm/warm-up.js',
    find: 'for (const key of warmed.reverse())',
    replace: 'for (const key of warmed)',
    test: 'keeps the hottest',
  },
  {
    title: 'values are read beyond the room of memory',
    file: 'loading/warm/warm-up.js',
    find: ' && !this.#isFull',
    replace: '',
    test: 'no more than memory can hold',
  },
  {
    title: 'readiness waits after each outage',
    file: 'loading/warm/warm-up.js',
    find: 'if (this.#isWarming)\n            return;\n        ',
    replace: 'this.#isWarming = true;\n        ',
    test: 'once, and with a progress',
  },
  {
    title: 'readiness waits without end',
    file: 'loading/warm/warm-up.js',
    find: 'this.#deadline = this.#parts.clock.setTimer(() => this.#endWait(), DEADLINE_MS);',
    replace: '',
    test: 'two seconds at most',
  },
];
