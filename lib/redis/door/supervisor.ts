import type { Clock, Timer } from '../../core/time/clock.js';
import { isWritable } from '../door-state.js';
import { CLOSED, classify, Failure } from '../failure.js';
import { Admission } from './admission.js';
import { SHORTEST_PAUSE_MS } from './backoff.js';
import type { DoorSession, SessionSource } from './door-session.js';
import type { DataJudge } from './judgement/data-judge.js';
import {
  clusterNode,
  forbidden,
  isDemotion,
  isRedirect,
  isRefused,
  isSweepRefused,
  textOf,
} from './judgement/refusal.js';
import type { Situation } from './situation.js';

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly source: SessionSource;
  readonly situation: Situation;
  readonly judge: DataJudge;
  /** A node answered that a key is not its own, or the door cannot use it. Absent: it is no node of a cluster. */
  readonly onDoubt?: (() => void) | undefined;
}

/** How soon a cluster that is down is asked again. */
const CLUSTER_PAUSE_MS = 50;

/**
 * Keeps a connection to Redis and decides when it is used.
 *
 * Invariants: at most one attempt is in flight; while the state is `open` nothing is sent; Redis is read only
 * after probe, judgement, replay and the settling time of its reign, in that order.
 */
export class Supervisor {
  readonly #clock: Clock;
  readonly #source: SessionSource;
  readonly #situation: Situation;
  readonly #judge: DataJudge;
  readonly #admission: Admission;
  readonly #onDoubt: (() => void) | undefined;
  #timer: Timer | undefined;
  #isAttempting = false;
  /** The size of the write that was refused last. A smaller one may pass although that one did not. */
  #probeBytes = 0;

  constructor({ clock, source, situation, judge, onDoubt }: SupervisorOptions) {
    this.#clock = clock;
    this.#source = source;
    this.#situation = situation;
    this.#judge = judge;
    this.#onDoubt = onDoubt;
    this.#admission = new Admission({
      clock,
      situation,
      source,
      judge,
      onFailure: (failure) => this.#heartbeatFailed(failure),
    });
  }

  /** What heartbeats tell of the data. */
  get proofs(): Pick<Admission, 'isProven' | 'prove' | 'look'> {
    return this.#admission;
  }

  async bump(): Promise<string | Failure> {
    const { session, state } = this.#situation;
    const isOpen = isWritable(state) || state.name === 'recovering';
    return session !== undefined && isOpen ? this.#judge.bump(session) : NOT_CONNECTED;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#admission.stop();
  }

  /** Connects, probes, judges, replays. Never rejects. */
  attempt(): Promise<void> {
    return this.#try(async () => {
      this.#situation.apply({ name: 'attempt' });
      const session = await this.#source.open();
      if (session instanceof Failure) return session;
      const failure = await this.#qualify(session).catch(classify);
      // The connection to a cluster that is down is good.
      if (isClusterDown(failure)) this.#situation.use(session);
      else if (failure !== undefined) session.dispose(failure);
      return failure;
    });
  }

  /** A session has ended. If it is still being probed, its replies say so. */
  lost(session: DoorSession, failure: Failure): void {
    if (session !== this.#situation.session) return;
    this.#situation.tell(failure);
    this.#fail(failure, this.#clock.now());
  }

  /** A command of the cache failed. `bytes`: the size of the write. */
  commandFailed(failure: Failure, bytes: number): void {
    // A redirect of a cluster is no failure of Redis.
    const isExpected = isRedirect(failure) && this.#onDoubt !== undefined;
    if (!isExpected) this.#situation.listener.failed(failure, 'command');
    this.#consider(failure, bytes);
  }

  #heartbeatFailed(failure: Failure): void {
    const isOutage = this.#situation.state.name === 'read-only';
    this.#situation.listener.failed(failure, isOutage ? 'probe' : 'command');
    if (isRefused(failure))
      this.#situation.session?.lose(forbidden('a heartbeat', textOf(failure)));
    else this.#consider(failure, 0);
  }

  /** Draws conclusions about the server from a failed command. */
  #consider(failure: Failure, bytes: number): void {
    if (failure.kind === 'writes') this.#writesRefused(failure, bytes);
    else if (isRedirect(failure)) this.#redirected(failure);
    else if (isClusterDown(failure) && this.#situation.state.name !== 'open')
      this.#fail(failure, this.#clock.now());
    else if (isSweepRefused(failure)) this.#judge.cannotSweep();
  }

  #redirected(failure: Failure): void {
    if (this.#onDoubt !== undefined) this.#onDoubt();
    else this.#situation.session?.lose(clusterNode(textOf(failure)));
  }

  #writesRefused(failure: Failure, bytes: number): void {
    const { state, session } = this.#situation;
    this.#admission.refused(failure);
    if (session === undefined || !isWritable(state)) return;
    this.#probeBytes = bytes;
    const isReplica = isDemotion(failure);
    const isKnown = !isReplica || this.#judge.canJudgeReplica(session);
    if (state.name === 'closed' && isKnown) this.#onlyRead(session, failure);
    else this.#fail(failure, this.#clock.now());
    // R9: a replica's data may be another one by now.
    if (isReplica) this.#admission.distrust();
  }

  /** Reads go on. We try writes again after a pause, on a new connection if that may lead to another server. */
  #onlyRead(session: DoorSession, failure: Failure): void {
    const { reason } = failure;
    const nextAttemptAt = this.#situation.nextAttemptAt(failure, this.#clock.now());
    this.#situation.apply({ name: 'refuse-writes', reason, nextAttemptAt });
    this.#admission.watch(session);
    const isReplaceable = reason === 'read_only' && this.#source.isFresh;
    this.#scheduleAt(nextAttemptAt, () =>
      isReplaceable ? this.attempt() : this.#requalify(session),
    );
  }

  #scheduleAt(at: number, task: () => unknown): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => void task(), at - this.#clock.now());
  }

  #fail(failure: Failure, attemptedAt: number): void {
    const situation = this.#situation;
    if (situation.isShut) return;
    const { reason } = failure;
    const { session } = situation;
    this.#onDoubt?.();
    if (isClusterDown(failure) && session !== undefined) {
      this.#pause(session, failure);
      return;
    }
    const nextAttemptAt = situation.nextAttemptAt(failure, attemptedAt);
    // While a server is only read, a new connection may already be on its way.
    const isReplacing = this.#isAttempting && situation.state.name === 'read-only';
    this.#admission.stop();
    situation.leave(failure);
    situation.apply({ name: 'fail', reason, nextAttemptAt });
    if (isReplacing) situation.apply({ name: 'attempt' });
    else this.#scheduleAt(nextAttemptAt, () => this.attempt());
  }

  /** The cluster serves nothing for the moment. We keep the connection, and ask again soon. */
  #pause(session: DoorSession, { reason }: Failure): void {
    const nextAttemptAt = this.#clock.now() + CLUSTER_PAUSE_MS;
    this.#admission.stop();
    this.#situation.apply({ name: 'fail', reason, nextAttemptAt });
    this.#scheduleAt(nextAttemptAt, () => this.#requalify(session));
  }

  async #try(task: () => Promise<Failure | undefined>): Promise<void> {
    if (this.#situation.isShut) return;
    const now = this.#clock.now();
    if (this.#isAttempting) return this.#scheduleAt(now + SHORTEST_PAUSE_MS, () => this.#try(task));
    this.#isAttempting = true;
    this.#timer?.cancel();
    const failure = await task().catch(classify);
    this.#isAttempting = false;
    if (this.#situation.isShut) return;
    this.#situation.listener.attempted(failure === undefined);
    if (failure === undefined) return;
    this.#situation.tell(failure);
    this.#fail(failure, now);
  }

  /** Probes the session in use again. */
  #requalify(session: DoorSession): Promise<void> {
    return this.#try(async () => {
      if (session !== this.#situation.session) return undefined;
      this.#situation.apply({ name: 'attempt' });
      return this.#qualify(session);
    });
  }

  async #qualify(session: DoorSession): Promise<Failure | undefined> {
    const situation = this.#situation;
    if (situation.isShut) return CLOSED;
    const found = await this.#judge.probe(session, this.#probeBytes);
    if (found instanceof Failure) return found;
    if (situation.isShut) return CLOSED;
    const { writesRefused } = found;
    if (writesRefused !== undefined) {
      if (!this.#judge.mayRead(session, found)) return writesRefused;
      situation.tell(writesRefused);
      situation.use(session);
      this.#onlyRead(session, writesRefused);
      return undefined;
    }
    this.#probeBytes = 0;
    const judged = await this.#judge.open(session, session === situation.session);
    if (judged instanceof Failure) return judged;
    if (situation.isShut) return CLOSED;
    situation.use(session);
    return this.#admission.recover(session, judged);
  }
}

/** The whole cluster serves nothing. An answer about one slot says only that the slot is not served. */
function isClusterDown(failure: Failure | undefined): boolean {
  return failure?.reason === 'cluster_down' && !/slot/i.test(textOf(failure));
}

const NOT_CONNECTED: Failure = new Failure(
  'unavailable',
  'not_connected',
  new Error('there is no connection to Redis'),
);
