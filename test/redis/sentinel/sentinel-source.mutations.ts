import type { Mutation } from '../../support/mutation.js';

const SOURCE = 'redis/naming/named-source.js';
const WATCH = 'redis/sentinel/master-watch.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'trustRole: a living connection stays in use, whatever Sentinel says',
    file: SOURCE,
    find: 'connection.lose(failure_js_1.FAILOVER);',
    replace: '',
  },
  {
    title: 'the word from before the handshake is enough',
    file: SOURCE,
    find: 'const named = await this.#ask();',
    replace: 'const named = address;',
  },
  {
    title: 'a handshake that hangs is waited for',
    file: SOURCE,
    find: '            opening.source.close();',
    replace: '',
  },
  {
    title: 'a word counts for ever',
    file: WATCH,
    find: 'isSilent || now - this.#namedAt <= RECENT_MS',
    replace: 'true',
  },
  {
    title: 'silence is a failover',
    file: WATCH,
    find: 'isSilent || now',
    replace: 'now',
  },
  {
    title: 'every Sentinel is asked all the time',
    file: WATCH,
    find: 'this.#options.isInUse() && (await this.#isConfirmed())',
    replace: 'false',
  },
];
