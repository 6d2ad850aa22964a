import type { Mutation } from '../../support/mutation.js';

const HEARTBEAT = 'redis/door/heartbeat.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'heartbeats rest though they are needed',
    file: HEARTBEAT,
    find: '&& !this.#options.isNeeded(this.#session)',
    replace: '',
  },
  {
    title: 'heartbeats rest though the last one proved nothing',
    file: HEARTBEAT,
    find: '|| this.#provenAt < this.#sentAt',
    replace: '',
  },
  {
    title: 'a question does not end the rest',
    file: HEARTBEAT,
    find: 'this.#usedAt = this.#options.clock.now(); const forMs',
    replace: 'const forMs',
  },
  {
    title: 'at rest a heartbeat proves the data as long as otherwise',
    file: HEARTBEAT,
    find: 'this.#isResting ? exports.HEARTBEAT_MS : PROVEN_FOR_MS',
    replace: 'PROVEN_FOR_MS',
  },
  {
    title: 'an idle process does not rest',
    file: HEARTBEAT,
    find: 'now - this.#sentAt < RESTING_MS',
    replace: 'false',
  },
  {
    title: 'a look believes an old heartbeat',
    file: HEARTBEAT,
    find: '<= exports.HEARTBEAT_MS ? undefined',
    replace: '<= RESTING_MS ? undefined',
  },
];
