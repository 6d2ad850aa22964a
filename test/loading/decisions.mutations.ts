import type { Mutation } from '../support/mutation.js';

const BACKOFF = 'loading/load-backoff.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'back-off: a delete leaves the failures',
    file: BACKOFF,
    find: 'if (this.#troubles.size > 0) this.#troubles.delete(key);',
    replace:
      'const known = this.#troubles.get(key); if (known) this.#troubles.set(key, { ...known, retryAt: 0 });',
  },
  {
    title: 'back-off: the pause ends a moment early',
    file: BACKOFF,
    find: 'return now < (',
    replace: 'return now + 1 < (',
  },
  {
    title: 'back-off: a clear takes the pauses of other keys along',
    file: BACKOFF,
    find: 'if (matches(key)) this.#troubles.delete(key);',
    replace: 'this.#troubles.delete(key);',
  },
];
