import type { Mutation } from '../../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a policy is chosen without evidence',
    file: 'loading/freshness/learning/choice.js',
    find: 'frontier.intervals < exports.LEAST_RELOADS || frontier.changes < exports.LEAST_CHANGES',
    replace: 'false',
  },
  {
    title: "the user's lifetimes are left for next to nothing",
    file: 'loading/freshness/learning/choice.js',
    find: 'isWorth(best, own, WORTH_OWN)',
    replace: 'true',
  },
  {
    title: 'lifetimes that miss the target by far are used all the same',
    file: 'loading/freshness/learning/choice.js',
    find: "{ ...own, verdict: 'misses' }",
    replace: "{ ...candidateAt(frontier, 'none', 0), verdict: 'misses' }",
    test: 'leaves it to the user',
  },
  {
    title: 'a copy that was wrong before an interval counts as right in it',
    file: 'loading/freshness/learning/simulation.js',
    find: 'Math.min(copies[place + 1], firstAfter(interval, from))',
    replace: 'firstAfter(interval, from)',
  },
  {
    title: 'the simulation of a key that was away for ages does not end',
    file: 'loading/freshness/learning/simulation.js',
    find: ' || loads === MOST_LOADS',
    replace: '',
  },
];
