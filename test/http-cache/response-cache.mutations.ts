import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a hit has what its handler has removed',
    file: 'http-cache/serve.js',
    find: 'res.removeHeader(name);\n    for (const [name, value]',
    replace: 'name.trim();\n    for (const [name, value]',
    test: 'its handler has removed',
  },
];
