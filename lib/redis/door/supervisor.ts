import type { Clock, Timer } from '../../core/clock.js';
import { CLOSED, classify, Failure } from '../failure.js';
import { SHORTEST_PAUSE_MS } from './backoff.js';
import type { DoorSession, SessionSource } from './door-session.js';
import { isWritable } from './door-state.js';
import { Heartbeat } from './heartbeat.js';
import type { DataJudge, Judged } from './judgement/data-judge.js';
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
}

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
  readonly #heartbeat: Heartbeat;
  #timer: Timer | undefined;
  #isAttempting = false;
  /** Why a replay was refused, and how large the write was that was refused last. */
  #refused: Failure | undefined;
  #probeBytes = 0;

  constructor({ clock, source, situation, judge }: SupervisorOptions) {
    this.#clock = clock;
    this.#source = source;
    this.#situation = situation;
    this.#judge = judge;
    this.#heartbeat = new Heartbeat({
      clock,
      beat: (session) => this.#beat(session).catch(classify),
      onFailure: (failure) => this.#heartbeatFailed(failure),
    });
  }

  get isProven(): boolean {
    return this.#heartbeat.isProven;
  }

  prove(): Promise<boolean> {
    return this.#heartbeat.prove();
  }

  async bump(): Promise<string | Failure> {
    const { session, state } = this.#situation;
    const isOpen = isWritable(state) || state.name === 'recovering';
    return session !== undefined && isOpen ? this.#judge.bump(session) : NOT_CONNECTED;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#heartbeat.stop();
  }

  /** Connects, probes, judges, replays. Never rejects. */
  attempt(): Promise<void> {
    return this.#try(async () => {
      this.#situation.apply({ name: 'attempt' });
      const session = await this.#source.open();
      if (session instanceof Failure) return session;
      const failure = await this.#qualify(session).catch(classify);
      if (failure !== undefined) session.dispose(failure);
      return failure;
    });
  }

  /** A session has ended. One that is only being probed tells it by its replies. */
  lost(session: DoorSession, failure: Failure): void {
    if (session !== this.#situation.session) return;
    this.#situation.tell(failure);
    this.#fail(failure, this.#clock.now());
  }

  /** A command of the cache failed. `bytes`: what was to be written. */
  commandFailed(failure: Failure, bytes: number): void {
    this.#situation.listener.failed(failure, 'command');
    this.#consider(failure, bytes);
  }

  #heartbeatFailed(failure: Failure): void {
    const isOutage = this.#situation.state.name === 'read-only';
    this.#situation.listener.failed(failure, isOutage ? 'probe' : 'command');
    if (isRefused(failure)) this.#situation.session?.lose(forbidden('its heartbeat', failure));
    else this.#consider(failure, 0);
  }

  /** What a failed command says of the server. */
  #consider(failure: Failure, bytes: number): void {
    if (failure.kind === 'writes') this.#writesRefused(failure, bytes);
    else if (isRedirect(failure)) this.#situation.session?.lose(clusterNode(textOf(failure)));
    else if (isSweepRefused(failure)) this.#judge.cannotSweep();
  }

  #writesRefused(failure: Failure, bytes: number): void {
    const { state, session } = this.#situation;
    this.#refused = failure;
    if (session === undefined || !isWritable(state)) return;
    this.#probeBytes = bytes;
    if (isDemotion(failure)) this.#doubt(session, failure);
    else if (state.name === 'closed') this.#onlyRead(failure);
    else this.#fail(failure, this.#clock.now());
  }

  /** R9: a replica's data may be another one. Nothing is read until it was judged. */
  #doubt(session: DoorSession, failure: Failure): void {
    this.#situation.apply({ name: 'doubt', reason: failure.reason });
    this.#heartbeat.stop();
    void this.#requalify(session);
  }

  /** Reads go on. Writes are tried again after a pause: by a new connection where the server may be another one. */
  #onlyRead(failure: Failure): void {
    const { reason } = failure;
    const nextAttemptAt = this.#situation.nextAttemptAt(failure, this.#clock.now());
    this.#situation.apply({ name: 'refuse-writes', reason, nextAttemptAt });
    const { session } = this.#situation;
    if (session === undefined) return;
    this.#heartbeat.start(session);
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
    const nextAttemptAt = situation.nextAttemptAt(failure, attemptedAt);
    // While a server is only read, a new connection may already be on its way.
    const isReplacing = this.#isAttempting && situation.state.name === 'read-only';
    this.#heartbeat.stop();
    situation.leave(failure);
    situation.apply({ name: 'fail', reason, nextAttemptAt });
    if (isReplacing) situation.apply({ name: 'attempt' });
    else this.#scheduleAt(nextAttemptAt, () => this.attempt());
  }

  async #try(task: () => Promise<Failure | undefined>): Promise<void> {
    if (this.#situation.isShut) return;
    const now = this.#clock.now();
    if (this.#isAttempting) return this.#scheduleAt(now + SHORTEST_PAUSE_MS, () => this.#try(task));
    this.#isAttempting = true;
    this.#timer?.cancel();
    const failure = await task().catch(classify);
    this.#isAttempting = false;
    if (failure === undefined || this.#situation.isShut) return;
    this.#situation.tell(failure);
    this.#fail(failure, now);
  }

  /** Looks again what the session in use is good for. */
  #requalify(session: DoorSession): Promise<void> {
    return this.#try(async () =>
      session === this.#situation.session ? this.#qualify(session) : undefined,
    );
  }

  async #qualify(session: DoorSession): Promise<Failure | undefined> {
    const situation = this.#situation;
    if (situation.isShut) return CLOSED;
    const found = await this.#judge.probe(session, this.#probeBytes);
    if (found instanceof Failure) return found;
    if (situation.isShut) return CLOSED;
    if (found.writesRefused !== undefined) {
      if (!this.#judge.mayRead(session, found)) return found.writesRefused;
      situation.tell(found.writesRefused);
      situation.use(session);
      this.#onlyRead(found.writesRefused);
      return undefined;
    }
    this.#probeBytes = 0;
    const judged = await this.#judge.open(session, session === situation.session);
    if (judged instanceof Failure) return judged;
    if (situation.isShut) return CLOSED;
    situation.use(session);
    return this.#recover(session, judged);
  }

  /** R4: replay. Then R5: a young reign is not read. */
  async #recover(session: DoorSession, judged: Judged): Promise<Failure | undefined> {
    const situation = this.#situation;
    this.#refused = undefined;
    this.#heartbeat.stop();
    situation.apply({ name: 'judged', reason: 'data_replaced' });
    const isReplayed = await situation.listener.replay(situation.door, session);
    if (situation.session !== session || situation.state.name !== 'recovering') return undefined;
    if (!isReplayed) return this.#refused ?? REPLAY_FAILED;
    this.#heartbeat.start(session);
    if (judged.until === undefined) {
      this.#heartbeat.proven(judged.sentAt);
      this.#admit();
    } else {
      situation.apply({ name: 'settle', until: judged.until });
      this.#scheduleAt(judged.until, () => this.#endSettling(session));
    }
    return undefined;
  }

  #admit(): void {
    this.#judge.identity.becameNormal();
    this.#situation.apply({ name: 'admit' });
  }

  /** The first read comes after a heartbeat that was sent after the settling time, and after what failed in it. */
  async #endSettling(session: DoorSession): Promise<void> {
    const { state, listener, door } = this.#situation;
    const isSame = (): boolean => this.#situation.state === state && state.name === 'settling';
    const isProven = await this.#heartbeat.prove();
    if (!isSame()) return;
    const again = (): Promise<void> => this.#endSettling(session);
    if (!isProven) return this.#scheduleAt(this.#clock.now() + SHORTEST_PAUSE_MS, again);
    const isReplayed = !listener.hasWork || (await listener.replay(door, session));
    if (!isSame()) return;
    if (isReplayed) this.#admit();
    else session.lose(this.#refused ?? REPLAY_FAILED);
  }

  /** One heartbeat: whether the data is proven to be that of the same reign. */
  async #beat(session: DoorSession): Promise<boolean | Failure> {
    const { state } = this.#situation;
    const sighting = await this.#judge.beat(session, state.name === 'read-only');
    if (sighting instanceof Failure) return sighting;
    const { session: current, state: after } = this.#situation;
    if (current !== session || after.name !== state.name) return false;
    if (sighting === 'same') return true;
    if (state.name === 'read-only') session.lose(REPLACED);
    else if (sighting === 'replica') this.#doubt(session, DEMOTED);
    else return this.#judgeAgain(session, sighting === 'missing');
    return false;
  }

  /**
   * R6: OPEN and judgement on the connection in use. A record that was only evicted (R10) changes nothing for a
   * process that reads this life of the server already; everybody else recovers.
   */
  async #judgeAgain(session: DoorSession, isEvicted: boolean): Promise<boolean | Failure> {
    const situation = this.#situation;
    const { state } = situation;
    const goesOn = isEvicted && state.name === 'closed';
    if (!goesOn) situation.apply({ name: 'judged', reason: 'data_replaced' });
    const judged = await this.#judge.open(session, true);
    if (situation.session !== session) return false;
    if (judged instanceof Failure) {
      if (!goesOn || isRefused(judged)) session.lose(judged);
      return judged;
    }
    if (goesOn && situation.state === state && judged.isIntact && judged.until === undefined) {
      return true;
    }
    const failure = await this.#recover(session, judged);
    if (failure !== undefined) session.lose(failure);
    return false;
  }
}

function unavailable(reason: 'connection_lost' | 'not_connected' | 'data_replaced', text: string) {
  return new Failure('unavailable', reason, new Error(text));
}

const REPLAY_FAILED: Failure = unavailable('connection_lost', 'the journal could not be replayed');
const NOT_CONNECTED: Failure = unavailable('not_connected', 'there is no connection to Redis');
const REPLACED: Failure = unavailable('data_replaced', 'the data of this server was replaced');
const DEMOTED: Failure = new Failure('writes', 'read_only', new Error('READONLY it is a replica'));
