import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the background work belongs to whoever caused it',
    file: 'core/background.js',
    find: 'return BACKGROUND.runInAsyncScope(within === undefined ? task : () => within(task));',
    replace: 'return within === undefined ? task() : within(task);',
  },
  {
    title: 'tracers print the values',
    file: 'redis/commands/batches/hidden-texts.js',
    find: 'texts.toString = hidden;',
    replace: '',
  },
];
