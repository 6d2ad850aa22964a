import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a brace in quotes ends the value',
    file: 'core/redact/values.js',
    find: 'else if (isOpeningQuote(text, at))',
    replace: 'else if (false)',
  },
  {
    title: 'a text of several lines ends with the first',
    file: 'core/redact/values.js',
    find: "more !== '';",
    replace: 'false;',
  },
  {
    title: 'a doubled brace ends the value',
    file: 'core/redact/values.js',
    find: 'Math.max(endOfGroup(text, open), open + match(ODBC, text, open).length)',
    replace: 'endOfGroup(text, open)',
  },
];
