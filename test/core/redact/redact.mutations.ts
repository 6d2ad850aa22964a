import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'without hideWebhooks',
    file: 'core/redact/redact.js',
    find: 'const STEPS = [\naddresses_js_1.hideWebhooks,',
    replace: 'const STEPS = [',
  },
  {
    title: 'without hideWholeAddress',
    file: 'core/redact/redact.js',
    find: 'addresses_js_1.hideWebhooks,\naddresses_js_1.hideWholeAddress,',
    replace: 'addresses_js_1.hideWebhooks,',
  },
  {
    title: 'without hideTokens',
    file: 'core/redact/redact.js',
    find: 'addresses_js_1.hideWholeAddress,\ntokens_js_1.hideTokens,',
    replace: 'addresses_js_1.hideWholeAddress,',
  },
  {
    title: 'without hidePhrases',
    file: 'core/redact/redact.js',
    find: 'tokens_js_1.hideTokens,\nphrases_js_1.hidePhrases,',
    replace: 'tokens_js_1.hideTokens,',
  },
  {
    title: 'without hideElements',
    file: 'core/redact/redact.js',
    find: 'phrases_js_1.hidePhrases,\nelements_js_1.hideElements,',
    replace: 'phrases_js_1.hidePhrases,',
  },
  {
    title: 'without hideFlags',
    file: 'core/redact/redact.js',
    find: 'elements_js_1.hideElements,\nflags_js_1.hideFlags,',
    replace: 'elements_js_1.hideElements,',
  },
  {
    title: 'without hidePairs',
    file: 'core/redact/redact.js',
    find: 'flags_js_1.hideFlags,\npairs_js_1.hidePairs,',
    replace: 'flags_js_1.hideFlags,',
  },
  {
    title: 'without hideCodes',
    file: 'core/redact/redact.js',
    find: 'pairs_js_1.hidePairs,\ncodes_js_1.hideCodes,',
    replace: 'pairs_js_1.hidePairs,',
  },
  {
    title: 'without hideAddresses',
    file: 'core/redact/redact.js',
    find: 'codes_js_1.hideCodes,\naddresses_js_1.hideAddresses,',
    replace: 'codes_js_1.hideCodes,',
  },
  {
    title: 'without hideOpaque',
    file: 'core/redact/redact.js',
    find: 'addresses_js_1.hideAddresses,\ntokens_js_1.hideOpaque,',
    replace: 'addresses_js_1.hideAddresses,',
  },
  {
    title: 'a text of any length is looked at',
    file: 'core/redact/redact.js',
    find: 'const MAX_INPUT = 8_000;',
    replace: 'const MAX_INPUT = 8e9;',
  },
  {
    title: 'a name is searched behind every backslash',
    file: 'core/redact/pairs.js',
    find: '/\\\\{0,15}["\'`]?[',
    replace: '/\\\\*["\'`]?[',
  },
];
