import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a loader that takes too long is not stopped',
    file: 'loading/flight/loader-call.js',
    find: 'this.end(this.#timeoutError());',
    replace: '',
    test: 'too long',
  },
  {
    title: 'skip() is not heard',
    file: 'loading/loader-source.js',
    find: 'life.isSkipped ? undefined : life.timeLeft()',
    replace: 'life.timeLeft()',
    test: 'given and not stored',
  },
  {
    title: 'a lifetime of nothing is stored',
    file: 'core/time/duration.js',
    find: 'Number.isFinite(whole) && whole >= 1 ? Math.min(whole, exports.LONGEST_MS) : undefined',
    replace: 'Math.max(1, Math.min(whole, exports.LONGEST_MS))',
    test: 'sets a ttl',
  },
];
