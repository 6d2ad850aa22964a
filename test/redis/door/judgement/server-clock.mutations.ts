import type { Mutation } from '../../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'clock: half of the error is forgotten',
    file: 'redis/door/judgement/server-clock.js',
    find: 'errorMs: (at - sentAt) / 2',
    replace: 'errorMs: (at - sentAt) / 4',
  },
  {
    title: 'clock: the reply counts as of its arrival',
    file: 'redis/door/judgement/server-clock.js',
    find: 'serverMs - (sentAt + at) / 2',
    replace: 'serverMs - at',
  },
  {
    title: 'clock: an old sample is believed for ever',
    file: 'redis/door/judgement/server-clock.js',
    find: 'sample.at - best.at >= SAMPLE_VALID_MS',
    replace: 'false',
  },
  {
    title: 'clock: a sample is old one step too late',
    file: 'redis/door/judgement/server-clock.js',
    find: '>= SAMPLE_VALID_MS',
    replace: '> SAMPLE_VALID_MS',
  },
  {
    title: 'clock: a contradiction at the edge of what is allowed is none',
    file: 'redis/door/judgement/server-clock.js',
    find: 'sample.errorMs + best.errorMs + drift',
    replace: 'sample.errorMs + best.errorMs + drift + 1',
  },
  {
    title: 'clock: the estimate does not age',
    file: 'redis/door/judgement/server-clock.js',
    find: '(at - best.at) * DRIFT',
    replace: '0',
  },
  {
    title: 'clock: two turns share a version',
    file: 'redis/door/judgement/server-clock.js',
    find: 'last.low + 1',
    replace: 'last.low',
  },
  {
    title: 'clock: a floor of before the clock was set back stays',
    file: 'redis/door/judgement/server-clock.js',
    find: 'this.#last.low > latest + layout_js_1.ANOMALY_MICROS',
    replace: 'false',
  },
];
