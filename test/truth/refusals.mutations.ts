import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'what Redis refuses for good is asked for at once, again and again',
    file: 'redis/door/judgement/refusal.js',
    find: 'return failure_js_1.LASTING.has(reason) ? SLOW_PAUSE_MS : 0;',
    replace: 'return -1e9;',
    test: 'EVALSHA and EVAL, by a proxy, at start',
  },
  {
    title: 'an outage that turns out to be a missing permission is not told',
    file: 'cache/status/status-reporter.js',
    find: '&& !isNews',
    replace: '',
    test: 'EVALSHA and EVAL, by a proxy, after a recovery',
  },
  {
    title: 'a clear without SCAN fails for ever',
    file: 'redis/door/supervisor.js',
    find: 'this.#judge.cannotSweep();',
    replace: ';',
    test: 'SCAN, by a proxy, under a living connection',
  },
];
