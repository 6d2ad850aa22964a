import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'late grant: one server of several keeps it',
    file: 'tiers/calls/claim-all.js',
    find: 'of.claims.giveBack(granted);',
    replace: '{}',
    test: 'grants too late',
  },
];
