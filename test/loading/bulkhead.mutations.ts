import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a place is lent to several at once',
    file: 'loading/bulkhead/place.js',
    find: 'if (lender.#canLend) {',
    replace: 'if (lender.isRunning) {',
  },
  {
    title: 'a load waits for a place that nobody gives it',
    file: 'loading/bulkhead/place.js',
    find: 'lender.#wanted.add(this);',
    replace: '',
  },
  {
    title: 'a loader that has ended lends its place',
    file: 'loading/bulkhead/place.js',
    find: 'if (!lender.isRunning) return;',
    replace: '',
  },
  {
    title: 'a load stays nested when its parent has ended',
    file: 'loading/bulkhead/place.js',
    find: 'for (const wanted of this.#wanted) wanted.#dropOffer(this);',
    replace: '',
  },
  {
    title: 'a borrower is not counted when the load between ends',
    file: 'loading/bulkhead/place.js',
    find: 'if (lender !== undefined) this.#bulkhead.occupy();',
    replace: '',
  },
  {
    title: 'strangers go before nested loads',
    file: 'loading/bulkhead/bulkhead.js',
    find: 'first(this.#nested) ?? first(this.#queue)',
    replace: 'first(this.#queue) ?? first(this.#nested)',
  },
  {
    title: 'a load that nobody waits for stays in the queue',
    file: 'loading/flight/loader-call.js',
    find: "if (this.#state === 'waiting') this.#place?.leave(error);",
    replace: '',
  },
];
