import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the kit waits for turns by a timer that a test may have replaced',
    file: 'testing/test-clock.js',
    find: 'return new Promise((resolve) => event_loop_js_1.eventLoop.next(resolve));',
    replace: 'return new Promise((resolve) => setImmediate(resolve));',
    test: 'needs no timer',
  },
  {
    title: 'the kit waits for the end of a turn by a function that a test may have replaced',
    file: 'testing/test-clock.js',
    find: 'void Promise.resolve().then(callback);',
    replace: 'process.nextTick(callback);',
    test: 'needs no timer',
  },
  {
    title: 'the pipeline waits for the end of a turn without the clock',
    file: 'redis/commands/flow/pipeline.js',
    find: 'this.#clock.endOfTurn(this.#flush);',
    replace: 'process.nextTick(this.#flush);',
    test: 'needs no timer',
  },
  {
    title: 'the kit keeps the process alive',
    file: 'testing/event-loop.js',
    find: 'this.#port?.unref();',
    replace: '',
    test: 'needs no timer',
  },
];
