import type { Mutation } from '../../../support/mutation.js';

const FILE = 'loading/freshness/learning/guard.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'audits shorten no lifetimes',
    file: FILE,
    find: 'this.#factor *= CUT;',
    replace: '',
  },
  {
    title: "the user's lifetimes never come back",
    file: FILE,
    find: 'if (this.#cuts < MOST_CUTS) return;',
    replace: 'return;',
  },
  {
    title: 'lifetimes never grow again after a cut',
    file: FILE,
    find: 'this.#factor = Math.min(1, this.#factor * RAISE);',
    replace: '',
  },
  {
    title: 'the share of stale hits is compared with a target of all reads',
    file: FILE,
    find: 'low * hitShare',
    replace: 'low',
  },
];
