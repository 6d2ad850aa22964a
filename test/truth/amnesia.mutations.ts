import type { Mutation } from '../support/mutation.js';

const RECORDS = 'redis/commands/lua/records.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'noLabels: what was fenced once is safe for ever',
    file: 'redis/lineage.js',
    find: 'return next !== undefined && label.count <= next.base;',
    replace: 'return true;',
    test: 'what is known to be missing',
  },
  {
    title: 'unfenced writes are safe',
    file: 'redis/lineage.js',
    find: 'if (label.count === 0) return false;',
    replace: '',
    test: 'younger than the last fence a delete',
  },
  {
    title: 'noFloor: what is remembered no more is safe',
    file: 'tiers/ledger/acknowledged.js',
    find: 'if (this.#floor === undefined || labelledAt > this.#floor.labelledAt) {',
    replace: 'if (false) {',
    test: 'more of it than is remembered',
  },
  {
    title: 'chainTrunc: the chain keeps one reign',
    file: RECORDS,
    find: 'if count >= 16 then',
    replace: 'if count >= 1 then',
    test: 'nothing was lost',
  },
  {
    title: 'countRestart: a reign is named after the life',
    file: 'redis/door/judgement/data-identity.js',
    find: 'reign: (0, random_js_1.randomText)(REIGN_LENGTH)',
    replace: 'reign: life',
    test: 'had counted further',
  },
];
