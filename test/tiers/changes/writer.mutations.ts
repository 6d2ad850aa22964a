import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'second forget: memory keeps a value that was overtaken',
    file: 'tiers/changes/writer.js',
    find: 'if (isLatest) tools.standby.delete(key);',
    replace: '',
  },
  {
    title: 'second forget: it takes along what was set since',
    file: 'tiers/changes/writer.js',
    find: 'const isLatest = this.queue.latest(key) === undefined && !ledger.blocks(key);',
    replace: 'const isLatest = true;',
  },
  {
    title: 'first forget: memory keeps what is deleted',
    file: 'tiers/changes/writer.js',
    find: 'if (value === undefined) tools.standby.delete(key);',
    replace: 'if (value === undefined) {}',
  },
];
