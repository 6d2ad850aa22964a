import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'an idle cache writes fences',
    file: 'redis/door/judgement/data-judge.js',
    find: '!isReadOnly && listener.hasUnfenced',
    replace: '!isReadOnly',
  },
];
