import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'late grant: a lease that comes after its caller has left is kept',
    file: 'tiers/calls/claim-all.js',
    find: 'void claiming.then((late) => claims.giveBack(late));',
    replace: '',
    test: 'after its caller has left',
  },
];
