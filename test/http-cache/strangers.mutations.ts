import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'what a guest lacks is not read',
    file: 'http-cache/capture/reads.js',
    find: 'this.#watchInherited(req);',
    replace: '',
    test: 'in either order',
  },
  {
    title: 'a property that cannot be replaced is not read',
    file: 'http-cache/capture/reads.js',
    find: 'if (as !== undefined && this.#isOfHandler)',
    replace: 'if (false)',
    test: 'in either order',
  },
  {
    title: 'what Node reads counts',
    file: 'http-cache/capture/reads.js',
    find: 'trailers upgrade url',
    replace: 'trailers url',
    test: 'what Node reads',
  },
  {
    title: 'a page that was made without locals is for all',
    file: 'http-cache/visit.js',
    find: 'if (stored.head.withoutLocals === true && hasLocals)',
    replace: 'if (false)',
    test: 'in either order',
  },
  {
    title: 'a host may have a slash',
    file: 'http-cache/keys/url-keys.js',
    find: '/[^\\w.:[\\]-]/g',
    replace: '/[^\\w.:[\\]/,-]/g',
    test: 'apart',
  },
  {
    title: 'a key may have a name of the cache',
    file: 'http-cache/keys/url-keys.js',
    find: '&& !key.includes(slot_js_1.RESERVED)',
    replace: '',
    test: 'a name of the cache',
  },
  {
    title: 'tags that cannot be fail the request',
    file: 'http-cache/options.js',
    find: 'if (Array.isArray(given) || given instanceof Set) return undefined;',
    replace: '',
    test: 'tags cannot be',
  },
];
