import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a flight ends twice',
    file: 'loading/flight/flight.js',
    find: 'if (this.outcome !== undefined) return;',
    replace: '',
  },
  {
    title: 'a load that was promised to somebody is abandoned',
    file: 'loading/flight/flight-group.js',
    find: 'this.#isKept ||',
    replace: '',
  },
  {
    title: 'a void flight takes the one after it off the table',
    file: 'loading/flight/flight-table.js',
    find: 'if (this.#flights.get(flight.key) === flight)',
    replace: '',
  },
  {
    title: 'a flight whose tag was invalidated keeps its lease',
    file: 'loading/flight/flight.js',
    find: 'if (this.#hasLostLease) this.lease',
    replace: 'if (this.isVoid) this.lease',
  },
  {
    title: 'what was changed before a loader begins voids its flight',
    file: 'loading/flight/flight.js',
    find: "when === 'now' || this.run !== undefined",
    replace: 'true',
  },
  {
    title: 'what was changed while a loader runs leaves its flight valid',
    file: 'loading/flight/flight.js',
    find: "when === 'now' || this.run !== undefined",
    replace: "when === 'now'",
  },
  {
    title: 'a stale value whose tag was invalidated is given to callers',
    file: 'loading/flight/flight.js',
    find: '!this.isVoid && !this.#isStaleOutdated',
    replace: '!this.isVoid',
  },
  {
    title: 'a cleared pattern keeps its flights',
    file: 'loading/flight/flight-table.js',
    find: 'flight.invalidate();',
    replace: ';',
  },
];
