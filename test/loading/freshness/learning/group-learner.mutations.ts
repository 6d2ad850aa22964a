import type { Mutation } from '../../../support/mutation.js';

const FILE = 'loading/freshness/learning/group-learner.js';

export const mutations: readonly Mutation[] = [
  {
    title: "a learned lifetime exceeds the user's maximum",
    file: FILE,
    find: 'return Math.min(target.maxTtlMs, (0, policies_js_1.clamp)(wanted, ttlMs));',
    replace: 'return (0, policies_js_1.clamp)(wanted, ttlMs);',
  },
  {
    title: 'a learned lifetime leaves [ttl / 4, 4 · ttl]',
    file: FILE,
    find: 'return Math.min(target.maxTtlMs, (0, policies_js_1.clamp)(wanted, ttlMs));',
    replace: 'return wanted;',
  },
  {
    title: 'a lifetime that a loader has set is learned',
    file: FILE,
    find: 'load.isFixed ? load.ttlMs : ',
    replace: '',
  },
  {
    title: "audits cut the user's lifetimes where no target can be kept",
    file: FILE,
    find: "verdict === 'keeps' || verdict === 'learned'",
    replace: "verdict !== 'waits'",
    test: 'whatever audits find',
  },
  {
    title: 'audits do not correct the simulation',
    file: FILE,
    find: 'target.stale / this.#calibration.factor',
    replace: 'target.stale',
    test: 'more than was simulated',
  },
  {
    title: 'a value that was deleted counts as one that changed',
    file: FILE,
    find: '(load.isReload || load.at >= known.endsAt)',
    replace: 'true',
  },
  {
    title: 'a value that was set through the cache counts as one that changed behind it',
    file: FILE,
    find: 'known.loadedAt = Number.NaN;',
    replace: ';',
  },
];
