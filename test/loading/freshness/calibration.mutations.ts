import type { Mutation } from '../../support/mutation.js';

const FILE = 'loading/freshness/calibration.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'audits make lifetimes longer by luck',
    file: FILE,
    find: 'factor + Math.sqrt(this.#found) / foretold',
    replace: 'factor',
    test: 'clearly find fewer',
  },
  {
    title: 'a few audits correct the simulation without bounds',
    file: FILE,
    find: 'return Math.min(MOST, factor);',
    replace: 'return factor;',
  },
  {
    title: 'what audits found long ago counts as much as what they find now',
    file: FILE,
    find: 'FADING * this.#found +',
    replace: 'this.#found +',
  },
];
