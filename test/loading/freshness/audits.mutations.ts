import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'audits go on while Redis is away',
    file: 'loading/freshness/audits.js',
    find: " || store.mode !== 'normal'",
    replace: '',
    test: 'quiet',
  },
  {
    title: 'a stale hit that an audit finds is not counted',
    file: 'loading/freshness/audits.js',
    find: 'onEnd(!isSame)',
    replace: 'onEnd(false)',
    test: 'stale hits where',
  },
  {
    title: 'a key counts in a group that is not its most specific one',
    file: 'loading/freshness/freshness-options.js',
    find: 'b.start.length - a.start.length',
    replace: 'a.start.length - b.start.length',
    test: 'most specific',
  },
];
