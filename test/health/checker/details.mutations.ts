import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'details have a list of their own',
    file: 'health/checker/details.js',
    find: 'if ((0, secret_names_js_1.isSecretName)(name))',
    replace: 'if (/pass|token|secret/i.test(name))',
  },
  {
    title: 'the value beside a name is shown',
    file: 'health/checker/details.js',
    find: "(key === 'value' && isNamedSecret(value))",
    replace: 'false',
  },
];
