import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: "another key's entry is believed",
    file: 'entry/entry.js',
    find: "if (!entry.startsWith(fingerprint, slot_js_1.FINGERPRINT_AT)) return 'misplaced';",
    replace: '',
  },
];
