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
  {
    title: 'an edge: a part is taken when all of the answer is there',
    file: 'http-cache/capture/capture.js',
    find: "(0, arguments_js_1.callBack)(args);\n            return true;\n        }\n        if (this.#state === 'kept')",
    replace: "return true;\n        }\n        if (this.#state === 'kept')",
    test: 'waits for each part',
  },
  {
    title: 'an edge: an error after the answer takes the answer away',
    file: 'http-cache/capture/held.js',
    find: 'this.#leaveSocket = ',
    replace: 'if (false) this.#leaveSocket = ',
    test: 'waits for each part',
  },
];
