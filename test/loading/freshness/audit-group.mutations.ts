import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'rounding leaves an interval above 0 though no audit was stale',
    file: 'loading/freshness/stale-ratio.js',
    find: 'Math.min(share, Math.max(0, (middle - half) / scale))',
    replace: 'Math.max(0, (middle - half) / scale)',
    test: 'exactly 0',
  },
  {
    title: 'rounding leaves an interval below 1 though every audit was stale',
    file: 'loading/freshness/stale-ratio.js',
    find: 'Math.max(share, Math.min(1, (middle + half) / scale))',
    replace: 'Math.min(1, (middle + half) / scale)',
    test: 'exactly 1',
  },
];
