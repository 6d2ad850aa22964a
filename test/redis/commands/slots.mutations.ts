import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'answers of several slots stay in the order of the slots',
    file: 'redis/commands/reads/bulk-reads.js',
    find: 'inOrder[place] = slots[i] ?? null;',
    replace: 'inOrder[i] = slots[i] ?? null;',
  },
  {
    title: 'keys of a slot are given to the callers beside it',
    file: 'redis/commands/reads/single-reads.js',
    find: 'return from + (places?.[i] ?? i);',
    replace: 'return from + i;',
  },
  {
    title: 'the failure of one slot fails all',
    file: 'redis/commands/slots/send-groups.js',
    find: 'if (--left === 0) settle(answers);',
    replace:
      'if (--left === 0) settle(answers.find((each) => each instanceof failure_js_1.Failure) ?? answers);',
  },
  {
    title: 'each command of a call counts in the window',
    file: 'redis/commands/flow/window.js',
    find: 'if (cost.isPart !== true)',
    replace: '',
  },
];
