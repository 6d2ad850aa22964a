import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'one failure abandons what else a call began',
    file: 'loading/flight/await-flights.js',
    find: 'for (const seat of this.#seats) seat.keepLoading();',
    replace: '',
    test: 'shared with others',
  },
  {
    title: 'a joiner gets nothing for what the first loader did not give',
    file: 'loading/single-flight.js',
    find: ' || group.loader !== source.loader',
    replace: '',
    test: 'shared with others',
  },
  {
    title: 'a value is stored that was changed just before the fill',
    file: 'loading/task/load-task.js',
    find: 'if (flight.isVoid || value === undefined) flight.giveUpLease(); else',
    replace: '',
    test: 'between two turns',
  },
  {
    title: 'the keys of other processes hold up the rest',
    file: 'loading/task/load-task.js',
    find: 'const runs = [this.#run(work, ready)];',
    replace: 'await claims.pollHeld(held, () => {}); const runs = [this.#run(work, ready)];',
    test: 'other processes',
  },
  {
    title: 'aborts within a batch: the first caller that goes ends the batch',
    file: 'loading/flight/flight-group.js',
    find: 'if (this.#waiting > 0 || this.#isKept || this.#underWay === 0)',
    replace: 'if (this.#isKept || this.#underWay === 0)',
  },
  {
    title: 'aborts within a batch: nobody waits, and it goes on',
    file: 'loading/flight/flight-group.js',
    find: "this.end(new Error('no caller waits for this load any more'));",
    replace: '',
  },
  {
    title: 'aborts within a batch: the loader hears nothing',
    file: 'loading/flight/flight-group.js',
    find: 'run.end(reason);',
    replace: ';',
  },
  {
    title: 'each key that a call waits for looks at all others',
    file: 'loading/flight/await-flights.js',
    find: 'if (--this.#left === 0)',
    replace: 'if (this.#seats.every((seat) => seat.outcome !== undefined))',
    test: 'in great number',
  },
];
