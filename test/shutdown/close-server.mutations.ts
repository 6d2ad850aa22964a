import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'what is open at the end is not destroyed',
    file: 'shutdown/close-server.js',
    find: 'const lost = connections.destroyAll();',
    replace: 'const lost = 0;',
  },
  {
    title: 'a server that was closed before is not waited for',
    file: 'shutdown/close-server.js',
    find: 'if (error !== undefined) return;',
    replace: '',
  },
  {
    title: 'a server that was closed before is never done',
    file: 'shutdown/close-server.js',
    find: '(!wasListening && connections.isEmpty)',
    replace: 'false',
  },
];
