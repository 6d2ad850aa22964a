import type { Mutation } from '../../support/mutation.js';

const HANGS = 'redis/connection/hang-detector.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a Redis that takes just as long as commandTimeout for each answer is well',
    file: HANGS,
    find: 'isLate || this.#isSlow(command, dueAt)',
    replace: 'isLate',
    test: 'every small command',
  },
  {
    title: 'slowness: a large command counts',
    file: HANGS,
    find: 'isSmall && ',
    replace: '',
    test: 'every small command',
  },
  {
    title: 'slowness: a command behind a large reply counts',
    file: HANGS,
    find: '!isBehindLarge && ',
    replace: '',
    test: 'every small command',
  },
  {
    title: 'slowness: a late answer shows that Redis is well while our timers are late',
    file: HANGS,
    find: 'if (!isSlow) this.#slow = 0;',
    replace: 'if (!isSlow || graceMs(this.#clock) > 0) this.#slow = 0;',
    test: 'late while our own timers',
  },
];
