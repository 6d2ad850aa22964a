import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'an idle cache writes fences',
    file: 'redis/door/judgement/data-judge.js',
    find: '!isReadOnly && listener.hasUnfenced',
    replace: '!isReadOnly',
  },
  {
    title: 'heartbeats rest while a change may have to be replayed',
    file: 'redis/door/admission.js',
    find: '|| !isTold || listener.hasWork',
    replace: '|| !isTold',
  },
  {
    title: 'heartbeats rest while tags are in use',
    file: 'tiers/tags/tags.js',
    find: 'if (asked.length === 0)',
    replace: 'if (true)',
  },
  {
    title: 'heartbeats rest where Redis does not tell of a new generation',
    file: 'redis/door/admission.js',
    find: 'news?.isOn === true &&',
    replace: '',
  },
  {
    title: 'heartbeats rest beside processes of release 0.1',
    file: 'redis/door/admission.js',
    find: '&& !this.#judge.sharesWithOldRelease',
    replace: '',
  },
  {
    title: '/health believes what the cache knew before its rest',
    file: 'health/checker/checker.js',
    find: 'if (looking !== undefined) await looking;',
    replace: '',
  },
  {
    title: 'who asks for the status at rest is not told in time',
    file: 'tiers/topology/store-state.js',
    find: 'for (const { shard } of all) shard.door.isProven();',
    replace: '',
  },
];
