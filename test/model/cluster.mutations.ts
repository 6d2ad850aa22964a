import type { Mutation } from '../support/mutation.js';

/** Each takes one rule of many servers, or of the near cache, away. */
export const mutations: readonly Mutation[] = [
  {
    title: 'near memory needs no recent answer of the server',
    file: 'tiers/near/near-keys.js',
    find: 'if (ageMs > this.#maxStaleMs || !door.isProven())',
    replace: 'if (!door.isProven())',
    test: 'near memory needs a recent answer',
  },
  {
    title: 'a change told while a read was in flight does not count',
    file: 'tiers/near/near-keys.js',
    find: 'news.isOn && this.#changes.isUnchanged(key, position);',
    replace: 'news.isOn;',
    test: 'tells of while it is read',
  },
  {
    title: 'what this process wrote itself is near',
    file: 'tiers/near/near-keys.js',
    find: 'const entry = this.#keys.get(key); const news = this.#news;',
    replace:
      'const entry = this.#keys.get(key) ?? this.#parts.tools.standby.get(key, this.#parts.moment)?.entry; const news = this.#news;',
    test: 'what this process wrote itself',
  },
  {
    title: 'what the server tells of is not forgotten',
    file: 'tiers/near/near-keys.js',
    find: 'this.#changes.record(key); this.#forget(key);',
    replace: 'this.#changes.record(key);',
    test: 'is not near any more',
  },
  {
    title: 'labels are ignored: what was acknowledged once is safe for ever',
    file: 'redis/lineage.js',
    find: 'if (label.life === life)',
    replace: 'if (true)',
    test: 'is sent again',
  },
  {
    title: 'the settling time is 0',
    file: 'redis/door/judgement/settling.js',
    find: 'if (openedAt === 0 || wasNormal) return 0;',
    replace: 'if (openedAt >= 0) return 0;',
    test: 'before it is settled',
  },
  {
    title: 'the epoch is ignored: the view of any node counts',
    file: 'redis/cluster/slot-table.js',
    find: 'const isNewer = before === undefined || epoch > known || isUntold;',
    replace: 'const isNewer = true;',
    test: 'turns nothing back',
  },
  {
    title: 'a connection to a server that was replaced stays in use',
    file: 'redis/naming/named-source.js',
    find: 'if (!(0, address_js_1.isSameAddress)(own, address)) connection.lose(failure_js_1.FAILOVER);',
    replace: '',
    test: 'a server that was replaced is left',
  },
  {
    title: 'all servers begin with one generation, so that entries which move are read',
    file: 'redis/door/judgement/data-identity.js',
    find: 'const random = (0, random_js_1.randomText)(layout_js_1.GENERATION_LENGTH);',
    replace: "const random = 'g'.repeat(layout_js_1.GENERATION_LENGTH);",
    test: 'entries that move belong',
  },
];
