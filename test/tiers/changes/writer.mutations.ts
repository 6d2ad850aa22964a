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
    find: 'const isLatest = this.queue.latest(key) === change && !ledger.blocks(key);',
    replace: 'const isLatest = true;',
  },
  {
    title: 'a change that Redis calls older is no more while its time is proved',
    file: 'tiers/changes/change-queue.js',
    find: 'if (meaning === undefined)',
    replace: 'if (true)',
  },
  {
    title: 'changes that waited for such a proof are not sent after it',
    file: 'tiers/changes/writer.js',
    find: 'onFree: () => (0, background_js_1.inBackground)(() => shard.writer?.wake()),',
    replace: 'onFree: () => {},',
  },
  {
    title: 'first forget: memory keeps what is deleted',
    file: 'tiers/changes/writer.js',
    find: 'if (value === undefined) tools.standby.delete(key);',
    replace: 'if (value === undefined) {}',
  },
];
