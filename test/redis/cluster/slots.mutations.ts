import type { Mutation } from '../../support/mutation.js';

const TABLE = 'redis/cluster/slot-table.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'epochs are ignored: an old primary turns the table back',
    file: TABLE,
    find: 'before === undefined || epoch > known || isUntold',
    replace: 'true',
  },
  {
    title: 'the owner itself cannot give a slot away',
    file: TABLE,
    find: '!isNewer && !this.#isAt(before, witness)',
    replace: '!isNewer',
  },
  {
    title: 'a node is believed about itself',
    file: TABLE,
    find: 'this.isEmpty || epoch !== undefined ||',
    replace: 'true ||',
  },
  {
    title: 'a promoted replica gets a new door, which knows nothing of what was written',
    file: 'redis/cluster/assignment.js',
    find: 'assigned.set(master, heir);',
    replace: 'assigned.set(master, undefined);',
  },
  {
    title: 'tags in keys are ignored',
    file: 'redis/cluster/key-slot.js',
    find: 'if (close > open + 1)',
    replace: 'if (false)',
  },
];
