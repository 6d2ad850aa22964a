import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a warm load that failed is an error of the callers that joined it',
    file: 'loading/task/load-task.js',
    find: 'if (group.isWarming)\n            flight.callOff();\n        else\n            ',
    replace: '',
    test: 'that fail give no caller an error',
  },
  {
    title: 'two processes warm the same key',
    file: 'loading/task/load-task.js',
    find: 'for (const flight of held)\n                flight.callOff();',
    replace: 'ready.push(...held);',
    test: 'does not load twice',
  },
  {
    title: 'a loader that hangs is called for each key',
    file: 'loading/warm/warm-loads.js',
    find: 'failures < MOST_FAILURES',
    replace: 'failures < Infinity',
    test: 'are not called again',
  },
  {
    title: 'warm loads take the places of callers',
    file: 'loading/background-loads.js',
    find: 'return queued === 0 && running < Math.max(1, limit - 1);',
    replace: 'return true;',
    test: 'wait while callers wait',
  },
];
