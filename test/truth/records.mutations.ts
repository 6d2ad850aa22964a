import type { Mutation } from '../support/mutation.js';

const IDENTITY = 'redis/door/judgement/data-identity.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'memGen: the generation is written back from memory',
    file: IDENTITY,
    find: 'const random = (0, random_js_1.randomText)(layout_js_1.GENERATION_LENGTH);',
    replace: 'const random = this.#generation;',
    test: 'missed a change of generation',
  },
  {
    title: 'a copy of the generation that is missing is not repaired',
    file: 'redis/commands/lua/records.js',
    find: "if a ~= best then redis.call('SET', genKey, best) end",
    replace: '',
    test: 'one copy of the generation',
  },
  {
    title: 'a record of another type stays',
    file: 'redis/commands/lua/records.js',
    find: "heal(pos, 'hash')",
    replace: '',
    test: 'something else stands',
  },
  {
    title: 'a record that was made anew is an outage',
    file: 'redis/door/admission.js',
    find: "sighting === 'missing' && before === 'closed'",
    replace: 'false',
    test: 'at any moment',
  },
];
