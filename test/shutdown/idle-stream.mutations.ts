import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'an event stream that speaks is a lost request',
    file: 'shutdown/idle-stream.js',
    find: '|| quietMs >= QUIET_MS',
    replace: '&& quietMs >= QUIET_MS',
  },
  {
    title: 'what was not answered is an idle stream',
    file: 'shutdown/idle-stream.js',
    find: 'if (!res.headersSent || res.writableLength > 0)',
    replace: 'if (res.writableLength > 0)',
  },
  {
    title: 'half a download is an idle stream',
    file: 'shutdown/idle-stream.js',
    find: 'if (/^content-length:/im.test(head))',
    replace: 'if (false)',
  },
];
