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
  {
    title: 'overtaken fill: a value is stored under a lease of another token',
    file: 'redis/commands/lua/leases.js',
    find: `== '\${S.LEASE_MARK}' .. ARGV[at]
`,
    replace: "~= ''\n",
  },
  {
    title: 'void lease: somebody else’s is renewed',
    file: 'redis/commands/lua/leases.js',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of code
    find: "and ${(0, script_js_1.sub)('head', S.TOKEN_AT, S.TOKEN_LENGTH)} == ARGV[i + 2] then",
    replace: 'then',
  },
  {
    title: 'bump: the serial stays',
    file: 'redis/commands/lua/records.js',
    find: 'remembered, nowMs) + 1',
    replace: 'remembered, nowMs)',
  },
  {
    title: 'bump: what the process remembers does not count',
    file: 'redis/commands/lua/records.js',
    find: 'remembered, nowMs) + 1',
    replace: 'nowMs) + 1',
  },
];
