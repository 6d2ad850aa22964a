import type { Mutation } from '../support/mutation.js';

const JUDGE = 'redis/door/judgement/data-judge.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'noSettle: a new reign is read at once',
    file: 'redis/door/judgement/settling.js',
    find: 'if (openedAt === 0 || wasNormal)',
    replace: 'if (true)',
    test: 'reads nothing that a living process deleted',
  },
  {
    title: 'lifeSkips: a reign that was met before needs no settling time',
    file: JUDGE,
    find: 'const wait = this.#settlingMs(records);',
    replace: 'const wait = before === evidence.life ? 0 : this.#settlingMs(records);',
    test: 'waits once more',
  },
  {
    title: 'genBackOk: an older generation is believed',
    file: JUDGE,
    find: '|| evidence.isOlderGeneration',
    replace: '',
    test: 'stays cleared',
  },
];
