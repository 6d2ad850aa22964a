import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a change that waited for an earlier one of its key is not sent with its answer',
    file: 'redis/commands/change-writer.js',
    find: '(0, background_js_1.inBackground)(this.#wake);',
    replace: '',
  },
  {
    title: 'what was changed by a wrong clock stays as old as that said',
    file: 'redis/door/judgement/server-clock.js',
    find: 'if (stamp.epoch === this.#epoch)',
    replace: 'if (true)',
  },
  {
    title: 'a change may be older than what its process has seen',
    file: 'redis/door/judgement/server-clock.js',
    find: 'this.#seen = version;',
    replace: '',
  },
  {
    title: 'that something newer is there is believed of a wrong clock, too',
    file: 'tiers/changes/writer.js',
    find: 'if (isProven && door.time.renewed(change.stamp) === change.stamp)',
    replace: 'if (true)',
  },
  {
    title: 'a claim shows nothing of the server’s clock',
    file: 'redis/commands/claims.js',
    find: 'time.observe(last.micros / 1_000, sentAt);',
    replace: '{}',
  },
  {
    title: 'a clock that was set back is not remembered',
    file: 'redis/door/judgement/server-clock.js',
    find: 'return this.#shown;',
    replace: 'return 0;',
  },
];
