import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'messages hold values',
    file: 'core/diagnostics/channels.js',
    find: 'return await running;',
    replace: 'return (message.result = await running);',
    test: 'never hold a value',
  },
];
