import type { Mutation } from '../../support/mutation.js';

const REHOME = 'tiers/topology/rehome.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'the journal stays where it is',
    file: REHOME,
    find: 'from.shard.defer(key, op, stamp);',
    replace: '',
  },
  {
    title: 'changes in flight are forgotten',
    file: REHOME,
    find: 'from.writer.giveAway(isForeign);',
    replace: '',
  },
  {
    title: 'acknowledged changes are forgotten',
    file: REHOME,
    find: 'ledger.adopt(key, foreign(stamp), door.reign);',
    replace: '',
  },
  {
    title: 'clears are forgotten',
    file: REHOME,
    find: 'ledger.clearPattern(pattern, foreign(stamp));',
    replace: '',
  },
  {
    title: 'an overflow is forgotten',
    file: REHOME,
    find: 'isNews || from.shard.ledger.blocksAll',
    replace: 'false',
  },
  {
    title: 'an overflow goes on for ever',
    file: REHOME,
    find: 'known.set(from, forgotten);',
    replace: '',
  },
  {
    title: 'one server proves the data of all',
    file: 'tiers/topology/door-view.js',
    find: 'return this.#store.beginFence();',
    replace: 'return this.#all.beginFence();',
  },
];
