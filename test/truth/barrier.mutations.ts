import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: "another key's entry is believed",
    file: 'entry/entry.js',
    find: "if (!(0, fingerprint_js_1.hasFingerprint)(entry, layout_js_1.FINGERPRINT_AT, key))\n        return 'misplaced';",
    replace: '',
  },
];
