import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a change of generation that Redis lost is not told again',
    file: 'tiers/ledger/ledger.js',
    find: 'if (lost.isEverything) this.flush();',
    replace: '',
  },
  {
    title: 'a change of generation that Redis lost counts as an overflow',
    file: 'tiers/ledger/ledger.js',
    find: 'if (lost.isEverything) this.flush();',
    replace: 'if (lost.isEverything) this.overflow();',
  },
];
