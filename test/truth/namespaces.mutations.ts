import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'namespaces: a name and a key touch',
    file: 'cache/namespace.js',
    find: 'checkedName(name, parts.args) + layout_js_1.RESERVED',
    replace: "checkedName(name, parts.args) + ':'",
  },
  {
    title: 'namespaces: a pattern reaches into the namespaces below',
    file: 'entry/key-pattern.js',
    find: 'depthOf(key) === depth && matches(key)',
    replace: 'matches(key)',
    test: 'pattern',
  },
  {
    title: 'namespaces: a name is a pattern',
    file: 'cache/arguments/arguments.js',
    find: '(0, glob_js_1.escapeGlob)(scope)',
    replace: 'scope',
    test: 'pattern',
  },
  {
    title: 'namespaces: tags are shared',
    file: 'loading/loading-options.js',
    find: 'own.map((tag) => scope + tag)',
    replace: 'own',
    test: 'tags',
  },
];
