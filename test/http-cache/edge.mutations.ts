import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'an edge: a tag of the route that was invalidated is not noticed',
    file: 'http-cache/ingredients.js',
    find: 'version === undefined || version !== before[i]',
    replace: 'false',
  },
  {
    title: 'an edge: a cookie of middleware above is shared',
    file: 'http-cache/edge/cookie-guard.js',
    find: "if (res.hasHeader('set-cookie')) makePrivate();",
    replace: '',
  },
  {
    title: 'an edge: lifetimes are as long as ever while Redis is away',
    file: 'http-cache/edge/edge-fields.js',
    find: 'if (this.#tier.isDegraded) return Math.min(longestS, DEGRADED_S);',
    replace: '',
  },
  {
    title: 'an edge: a delete purges softly',
    file: 'edge/edged-store.js',
    find: 'this.inner.remove(key), { keys: [key], isSoft: false }',
    replace: 'this.inner.remove(key), { keys: [key], isSoft: true }',
  },
  {
    title: 'an edge: an answer leaves before all of it is there',
    file: 'http-cache/fill.js',
    find: "return 'hold';",
    replace: "return 'keep';",
  },
];
