import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'close() does not abort loaders',
    file: 'loading/flight/loader-call.js',
    find: 'this.#controller?.abort(error);',
    replace: '',
  },
  {
    title: 'close() leaves the timer of a loader',
    file: 'loading/flight/loader-call.js',
    find: 'this.#timer?.cancel();',
    replace: '',
  },
  {
    title: 'a lease that is granted after close() stays',
    file: 'loading/key-claims.js',
    find: 'if (flight.outcome !== undefined) flight.giveUpLease();',
    replace: '',
  },
  {
    title: 'a load after close() keeps the process alive',
    file: 'loading/single-flight.js',
    find: 'this.#task.close();',
    replace: '',
  },
];
