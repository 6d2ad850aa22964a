import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'time does not move by itself while Redis hangs',
    file: 'testing/create-test-cache.js',
    find: 'if (redis.isHung) clock.passWhile(() => redis.isHung);',
    replace: '',
    test: 'lets a call find out',
  },
  {
    title: 'breakRedis does not wait until the cache has noticed',
    file: 'testing/test-controls.js',
    find: "await this.#until('notice that Redis is broken'",
    replace: "void (async () => {})('notice that Redis is broken'",
    test: "breaks by 'hang'",
  },
  {
    title: 'Redis has not confirmed what was written before it breaks',
    file: 'testing/test-controls.js',
    find: 'untilNoticed ? REST_MS : 0',
    replace: '0',
    test: "breaks by 'kill'",
  },
  {
    title: 'restoreRedis leaves the estimate of the time of Redis as wrong as a hang made it',
    file: 'testing/test-controls.js',
    find: 'await this.#options.clock.advance(REST_MS);',
    replace: '',
    test: 'to the millisecond',
  },
  {
    title: 'a Redis that was killed comes back empty',
    file: 'testing/faults.js',
    find: 'redis.restart(isEmpty ? NOTHING : ALL);',
    replace: 'redis.restart(NOTHING);',
    test: "breaks by 'kill'",
  },
  {
    title: 'a namespace counts the keys of all',
    file: 'testing/counts.js',
    find: 'if (!full.startsWith(scope)) continue;',
    replace: '',
    test: 'of a namespace',
  },
  {
    title: 'loads are not counted',
    file: 'loading/flight/loader-call.js',
    find: 'observer.loading(key);',
    replace: '',
    test: 'counts lookups and loads',
  },
];
