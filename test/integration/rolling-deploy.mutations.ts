import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'entries of release 0.1 are read',
    file: 'entry/entry.js',
    find: 'if (!hasAt(entry, 0, layout_js_1.MARK) ||',
    replace:
      'entry = entry.replace(layout_js_1.OLD_MARK, layout_js_1.MARK); generation = entry.slice(2, 8); if (!hasAt(entry, 0, layout_js_1.MARK) ||',
    test: 'imitated',
  },
  {
    title: 'a clear spares entries of release 0.1',
    file: 'redis/commands/lua/sweeps.js',
    find: 'and mark ~=',
    replace: "and 'E1' ==",
    test: 'imitated',
  },
  {
    title: 'release 0.1 does not hear of a change of generation',
    file: 'redis/door/judgement/old-release.js',
    find: 'if (found !== 1) return undefined;',
    replace: 'return undefined;',
    test: 'imitated',
  },
  {
    title: 'a change of generation of release 0.1 is not heard',
    file: 'redis/door/judgement/generations.js',
    find: 'return this.#old.isKnown ? this.look(session) : async () => undefined;',
    replace: 'return async () => undefined;',
    test: 'imitated',
  },
  {
    title: 'a change of generation of release 0.1 is not heard after an outage',
    file: 'redis/door/judgement/data-judge.js',
    find: 'const followed = await followOld();',
    replace: 'const followed = undefined;',
    test: 'imitated',
  },
  {
    title: 'our own change of generation is taken for one of release 0.1',
    file: 'redis/door/judgement/old-release.js',
    find: ' && found !== own',
    replace: '',
    test: 'imitated',
  },
];
