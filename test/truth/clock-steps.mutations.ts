import type { Mutation } from '../support/mutation.js';

const WRITE = 'redis/commands/lua/write.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a late write knows no deadline',
    file: WRITE,
    find: 'if nowMs > tonumber(ARGV[2]) or nowMs < tonumber(ARGV[3]) then',
    replace: 'if nowMs < tonumber(ARGV[3]) then',
    test: 'past the deadline: something newer',
  },
  {
    title: 'a write runs on a clock that was set back',
    file: WRITE,
    find: 'if nowMs > tonumber(ARGV[2]) or nowMs < tonumber(ARGV[3]) then',
    replace: 'if nowMs > tonumber(ARGV[2]) then',
    test: 'not there again: something newer',
  },
  {
    title: 'what is told again is as old as the write that was lost',
    file: 'tiers/changes/writer.js',
    find: 'if (lost < stamp.low)',
    replace: 'if (true)',
    test: 'what its own process told again',
  },
  {
    title: 'a version that the clock does not know yet is newer than everything',
    file: WRITE,
    find: 'return version > tonumber(limit) and version < now + tonumber(ARGV[5])',
    replace: 'return version > tonumber(limit)',
    test: 'an hour back',
  },
];
