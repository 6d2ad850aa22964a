import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a bulk change of a few keys happens a turn after its call',
    file: 'cache/changes/bulk-changes.js',
    find: 'items.length > MAX_KEYS ? 0 :',
    replace: 'true ? 0 :',
  },
  {
    title: 'a bulk change that was overtaken is told to be applied',
    file: 'cache/changes/bulk-changes.js',
    find: "return running.wasOvertaken ? 'deferred' : worst;",
    replace: 'return worst;',
  },
];
