import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'nothing ends a clean-up that hangs',
    file: 'shutdown/graceful-shutdown.js',
    find: '() => process.exit(1), timeoutMs',
    replace: '() => undefined, timeoutMs',
  },
  {
    title: 'a lost request ends with 0',
    file: 'shutdown/graceful-shutdown.js',
    find: 'if (lost > 0)',
    replace: 'if (lost > 9)',
  },
];
