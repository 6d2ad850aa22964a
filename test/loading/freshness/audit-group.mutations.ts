import type { Mutation } from '../../support/mutation.js';

const FILE = 'loading/freshness/audit-group.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'audits are as many when there are many',
    file: FILE,
    find: 'this.#audits < MANY_AUDITS',
    replace: 'true',
    test: 'half of that',
  },
  {
    title: 'audits pause when their share becomes smaller',
    file: FILE,
    find: 'this.#begun + 1 <= this.#allowed + floor',
    replace: 'this.#begun + 1 <= this.#share * this.#loads + floor',
    test: 'without a pause',
  },
  {
    title: 'audits are more than their share of loads',
    file: FILE,
    find: 'isAllowed ? 1 / this.#chance : 0',
    replace: '1 / this.#chance',
    test: 'loads have stopped',
  },
];
