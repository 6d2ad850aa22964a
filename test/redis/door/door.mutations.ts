import type { Mutation } from '../../support/mutation.js';

const JUDGE = 'redis/door/judgement/data-judge.js';
const IDENTITY = 'redis/door/judgement/data-identity.js';
const ADMISSION = 'redis/door/admission.js';
const SUPERVISOR = 'redis/door/supervisor.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'R1: a life is named by the run id alone',
    file: 'redis/door/judgement/server-info.js',
    find: 'replicationId}',
    replace: '0}',
  },
  {
    title: 'R3: a record that went back proves a life all the same',
    file: IDENTITY,
    find: "life: wentBack ? '' : life",
    replace: 'life',
  },
  {
    title: 'R3: an older generation is believed',
    file: JUDGE,
    find: "=== 'amnesia' || evidence.isOlderGeneration",
    replace: "=== 'amnesia'",
  },
  {
    title: 'R4: Redis is read though the replay failed',
    file: ADMISSION,
    find: 'if (!isReplayed) return this.#replayFailed();',
    replace: '',
  },
  {
    title: 'R5: a new reign is read at once',
    file: ADMISSION,
    find: 'if (judged.until === undefined) {',
    replace: 'if (true) {',
  },
  {
    title: 'R5: who waits for a reign reads it by its own clock, without an end',
    file: 'redis/door/judgement/settling.js',
    find: 'Math.min(exports.SETTLING_MS, openedAt + exports.SETTLING_MS - serverMs)',
    replace: 'openedAt + exports.SETTLING_MS - serverMs',
  },
  {
    title: 'R5: the first read comes without a heartbeat after the settling time',
    file: ADMISSION,
    find: 'isSettling() && (await this.prove())',
    replace: 'true',
  },
  {
    title: 'R5: what failed in the settling time is not replayed before the first read',
    file: ADMISSION,
    find: '!listener.hasWork || (await listener.replay(door, session))',
    replace: 'true',
  },
  {
    title: 'R6: an idle cache writes',
    file: JUDGE,
    find: '!isReadOnly && listener.hasUnfenced',
    replace: '!isReadOnly',
  },
  {
    title: 'R6: half a heartbeat proves the data',
    file: 'redis/door/judgement/heartbeat-pair.js',
    find: 'if (role instanceof failure_js_1.Failure) return role;',
    replace: "if (role instanceof failure_js_1.Failure) return { records, role: 'master' };",
  },
  {
    title: 'R6: another life under a living connection is not noticed',
    file: JUDGE,
    find: 'if (life !== server.life) {',
    replace: 'if (false) {',
  },
  {
    title: 'R6: a replica is not left',
    file: JUDGE,
    find: "if (pair.role === 'replica' && !isReadOnly) return 'replica';",
    replace: '',
  },
  {
    title: 'R8: what was proven once is proven for ever',
    file: 'redis/door/heartbeat.js',
    find: 'PROVEN_FOR_MS = 2 *',
    replace: 'PROVEN_FOR_MS = 2_000 *',
  },
  {
    title: 'R8: a question is answered by a heartbeat that was sent before it',
    file: 'redis/door/heartbeat.js',
    find: 'if (this.#session === undefined) return Promise.resolve(false);',
    replace: 'if (this.#isBeating) return Promise.resolve(true);',
  },
  {
    title: 'R9: READONLY leaves the data readable, unseen',
    file: SUPERVISOR,
    find: 'if (isReplica) this.#admission.distrust();',
    replace: '',
  },
  {
    title: 'R9: a server that refuses writes is read whatever its data is',
    file: SUPERVISOR,
    find: 'if (!this.#judge.mayRead(session, found)) return writesRefused;',
    replace: 'this.#judge.mayRead(session, found);',
  },
  {
    title: 'R10: an evicted record is an outage',
    file: ADMISSION,
    find: "sighting === 'missing' && before === 'closed'",
    replace: 'false',
  },
  {
    title: 'R10: a missing copy of the generation is not repaired',
    file: JUDGE,
    find: 'if (!this.#isTorn)',
    replace: 'if (true)',
  },
  {
    title: 'what Redis refuses for good is tried many times a second',
    file: 'redis/door/judgement/refusal.js',
    find: 'failure_js_1.LASTING.has(reason) ? SLOW_PAUSE_MS : 0',
    replace: '0',
  },
  {
    title: 'a full memory is taken for a missing permission',
    file: 'redis/door/judgement/refusal.js',
    find: '!WRITES_ALONE.test(text) && ',
    replace: '',
  },
  {
    title: 'attempts in a known outage count as errors',
    file: 'redis/door/situation.js',
    find: "(0, door_state_js_1.isKnownOutage)(this.#state) ? 'probe' : 'connect'",
    replace: "'connect'",
  },
  {
    title: 'connections that were left: they stay open',
    file: 'redis/door/situation.js',
    find: 'this.#clock.setTimer(() => before.dispose(), this.#commandTimeoutMs);',
    replace: '',
  },
  {
    title: 'connections that were left: the end of one ends the one in use',
    file: 'redis/door/supervisor.js',
    find: 'if (session !== this.#situation.session) return; this.#situation.tell(failure);',
    replace: 'this.#situation.tell(failure);',
  },
  {
    title: 'connections that were left: one that failed its probe stays open',
    file: 'redis/door/supervisor.js',
    find: 'if (failure !== undefined) session.dispose(failure);',
    replace: '',
  },
  {
    title: 'a heartbeat after a missing one waits for its turn',
    file: 'redis/door/heartbeat.js',
    find: 'else if (isMissing) this.#schedule(0);',
    replace: '',
  },
  {
    title: 'a server counts although nobody names it any more',
    file: 'redis/door/admission.js',
    find: 'session !== undefined && this.#source.isNamed(session)',
    replace: 'session !== undefined',
  },
  {
    title: 'a proof without the word of whoever names the server',
    file: 'redis/door/admission.js',
    find: '[this.#heartbeat.prove(), this.#source.confirm(session)]',
    replace: '[this.#heartbeat.prove()]',
  },
  {
    title: 'a known next server is tried after the usual pause',
    file: 'redis/door/situation.js',
    find: "failure.reason === 'failover'",
    replace: 'false',
  },
];
