import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'connections without a request stay',
    file: 'shutdown/connections.js',
    find: '>= SILENT_MS',
    replace: '>= Infinity',
  },
  {
    title: 'upgraded connections are not destroyed',
    file: 'shutdown/connections.js',
    find: '[...this.#connections.keys(), ...this.#sockets]',
    replace: '[]',
  },
  {
    title: 'who has just left counts as never there',
    file: 'shutdown/connections.js',
    find: 'if (this.#clock.now() - this.#lastSeenAt < ms)',
    replace: 'if (false)',
  },
  {
    title: 'upgraded connections count as silent',
    file: 'shutdown/connections.js',
    find: 'this.#joinDetours();\n        this.#sockets.add',
    replace: 'this.#sockets.add',
  },
  {
    title: 'our listener stays alone',
    file: 'shutdown/connections.js',
    find: 'if (this.#server.listenerCount(detour) === 1)',
    replace: 'if (false)',
  },
];
