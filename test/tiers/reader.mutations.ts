import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'an entry within the stamp of an own change counts as newer',
    file: 'tiers/ledger/acknowledged.js',
    find: 'return version < known || (version > stamp.low && version <= stamp.high && version !== known);',
    replace: 'return version < known;',
  },
];
