import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'anything with a status is a cache',
    file: 'health/http/dispatch.js',
    find: '(0, is_cache_js_1.isCache)(cache)',
    replace: "typeof cache?.status === 'function'",
  },
  {
    title: 'a path may go on as it likes',
    file: 'health/http/dispatch.js',
    find: 'target.rest.length !== (route.isNamed ? 1 : 0)',
    replace: 'false',
  },
];
