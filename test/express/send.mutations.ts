import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'send: the version of an entry in memory is given to another text',
    file: 'cache/sending/send-json.js',
    find: '(0, entry_js_1.payloadOffset)(kept.entry)) === text;',
    replace: '(0, entry_js_1.payloadOffset)(kept.entry)) !== text;',
  },
  {
    title: 'send: 304 whatever the client has',
    file: 'cache/sending/answer-json.js',
    find: "known.includes(etag.match(OPAQUE)?.[0] ?? '')",
    replace: 'true',
  },
  {
    title: 'send: hits are not counted',
    file: 'cache/sending/send-json.js',
    find: 'sender.seen(key, tier);',
    replace: '',
  },
  {
    title: 'send: values of one moment have one tag',
    file: 'entry/entry.js',
    find: 'entry.slice(layout_js_1.FINGERPRINT_AT, layout_js_1.KIND_AT) + ',
    replace: "'12345678' + ",
  },
];
