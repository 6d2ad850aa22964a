import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'lifetimes are learned where the loader has said one',
    file: 'loading/loader-source.js',
    find: ' || life.timeLeft !== timeLeft',
    replace: '',
    test: 'alone',
  },
  {
    title: 'lifetimes are learned where an instant is known',
    file: 'loading/loader-source.js',
    find: '(0, lifetime_js_1.hasInstant)(this.#config) ||',
    replace: '',
    test: 'alone',
  },
  {
    title: 'learned lifetimes are not applied',
    file: 'loading/task/load-task.js',
    find: 'jitteredTtl)(lifetimeMs,',
    replace: 'jitteredTtl)(ttlMs,',
    test: 'longer, up to',
  },
  {
    title: 'the metrics show the ttl of the user in place of the one in use',
    file: 'loading/freshness/learning/group-learner.js',
    find: 'this.#lifetimeMs += step * (lifetimeMs - this.#lifetimeMs);',
    replace: 'this.#lifetimeMs = load.ttlMs;',
    test: 'longer, up to',
  },
];
