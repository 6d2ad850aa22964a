import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a command that an ACL forbids inside a script is no refusal',
    file: 'redis/failure.js',
    find: "'ERR The user executing the script', ",
    replace: '',
  },
];
