import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'what a handler reads is not noted',
    file: 'http-cache/capture/reads.js',
    find: 'this.names.add(name);',
    replace: 'void name;',
  },
  {
    title: 'an answer that sets a cookie is stored',
    file: 'http-cache/rules/storable.js',
    find: "return 'set-cookie';",
    replace: 'return undefined;',
  },
  {
    title: 'the host is not in the key',
    file: 'http-cache/keys/url-keys.js',
    find: 'function originOf(req) {',
    replace: "function originOf(req) { return '';",
  },
  {
    title: 'visitors wait for a handler whose client has gone',
    file: 'http-cache/fill.js',
    find: "res.once('close', () => this.#clientGone());",
    replace: '',
  },
];
