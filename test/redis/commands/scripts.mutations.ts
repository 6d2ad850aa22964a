import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a late write wins over all that is stored until the clock has caught up',
    file: 'redis/commands/lua/write.js',
    find: 'version < now + tonumber(ARGV[5])',
    replace: 'tonumber(ARGV[5]) > 0 and version < now + tonumber(ARGV[5])',
    test: 'after the clock was set back',
  },
  {
    title: 'a version of before the clock was set back stays',
    file: 'redis/commands/batches/sending-times.js',
    find: 'this.#options.time.ceiling > 0 ? 0 : ',
    replace: '',
    test: 'after the clock was set back',
  },
];
