import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'no command is timed',
    file: 'redis/connection/redis-connection.js',
    find: 'commandTimes?.observe((now - command.sentAt) / 1_000);',
    replace: '{}',
    test: 'beginning',
  },
  {
    title: 'no attempt is counted',
    file: 'redis/door/supervisor.js',
    find: 'this.#situation.listener.attempted(failure === undefined);',
    replace: '',
    test: 'beginning',
  },
  {
    title: 'a load of another process is not counted as shared',
    file: 'loading/key-claims.js',
    find: "observer.coalesced('lease', served);",
    replace: '{}',
    test: 'another process',
  },
];
