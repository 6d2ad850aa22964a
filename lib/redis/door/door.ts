import type { Timer } from '../../core/clock.js';
import { Session } from '../commands/session.js';
import type { Connection } from '../connection/connection.js';
import { type ConnectionSource, connectionSource } from '../connection/connection-source.js';
import { CLOSED, classify, Failure } from '../failure.js';
import { Backoff, SHORTEST_PAUSE_MS } from './backoff.js';
import { DataIdentity } from './data-identity.js';
import type { DoorOptions } from './door-options.js';
import { type DoorState, reasonOf, sessionOf } from './door-state.js';
import { Heartbeat } from './heartbeat.js';
import { probe } from './probe.js';
import { ServerClock } from './server-clock.js';

/**
 * The one door to Redis: supervises the connection and decides whether Redis is available.
 *
 * Invariants: transitions happen in `#enter` only; at most one attempt is under way; while the state is
 * `open` nothing is sent; a state with a session has a live connection; `closed` is entered only after
 * probe, judgement and replay, in that order.
 */
export class RedisDoor {
  readonly serverClock: ServerClock;
  readonly identity: DataIdentity;
  readonly #options: DoorOptions;
  readonly #opener: ConnectionSource;
  readonly #heartbeat: Heartbeat;
  readonly #backoff: Backoff;
  #state: DoorState = { name: 'connecting' };
  #timer: Timer | undefined;
  #isAttempting = false;
  #closedSince = Number.NEGATIVE_INFINITY;
  #probeBytes = 0;
  readonly #firstAttempt: Promise<void>;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.serverClock = new ServerClock(options.clock);
    this.identity = new DataIdentity(this.serverClock, options.clock);
    this.#heartbeat = new Heartbeat({
      clock: options.clock,
      identity: this.identity,
      beginFence: () => options.hooks.beginFence(),
      onFailure: (failure) => this.report(failure),
    });
    this.#opener = connectionSource(options.source, {
      clock: options.clock,
      commandTimeoutMs: options.commandTimeoutMs,
      onLost: (connection, failure) => this.#onLost(connection, failure),
      onReady: () => this.#state.name === 'open' && void this.#attempt(),
    });
    this.#backoff = new Backoff(options.clock.now());
    this.#firstAttempt = this.#attempt();
  }

  get state(): DoorState {
    return this.#state;
  }

  /** The session for reads, if they are allowed. */
  get reader(): Session | undefined {
    const state = this.#state;
    return state.name === 'closed' || state.name === 'read-only' ? state.session : undefined;
  }

  /** The session for writes, if they are allowed. */
  get writer(): Session | undefined {
    return this.#state.name === 'closed' ? this.#state.session : undefined;
  }

  /** Settles when the first attempt has; `undefined` afterwards. */
  get untilFirstAttempt(): Promise<void> | undefined {
    return this.#state.name === 'connecting' ? this.#firstAttempt : undefined;
  }

  /** A command failed: counts it, and stops writing when Redis refuses writes. `bytes`: what was to be written. */
  report(failure: Failure, bytes = 0): void {
    this.#options.hooks.onFailure(failure);
    if (failure.kind !== 'writes' || this.#state.name !== 'closed') return;
    this.#probeBytes = bytes;
    this.#refuseWrites(failure, this.#state.session);
  }

  close(): void {
    if (this.#state.name === 'shut') return;
    this.#timer?.cancel();
    const session = sessionOf(this.#state);
    this.#enter({ name: 'shut' });
    session?.connection.dispose();
    this.#opener.close();
  }

  #enter(state: DoorState): void {
    const previous = this.#state;
    this.#state = state;
    if (state.name === 'closed') {
      this.#closedSince = this.#options.clock.now();
      this.#heartbeat.start(state.session);
    } else {
      this.#heartbeat.stop();
    }
    this.#options.hooks.onChange(state, previous);
  }

  #isShut(): boolean {
    return this.#state.name === 'shut';
  }

  #onLost(connection: Connection, failure: Failure): void {
    if (sessionOf(this.#state)?.connection !== connection) return;
    this.#timer?.cancel();
    this.#countTrouble();
    this.#fail(failure, this.#closedSince);
  }

  #countTrouble(): void {
    if (this.#state.name !== 'closed') return;
    this.#backoff.returns(this.#options.clock.now(), this.#closedSince);
  }

  #fail(failure: Failure, attemptStartedAt: number): void {
    if (this.#isShut()) return;
    this.#options.hooks.onFailure(failure);
    const now = this.#options.clock.now();
    const pause = this.#backoff.pauseMs(now);
    // Never without a gap: between two attempts a process that has nothing else to do can end.
    const nextAttemptAt = Math.max(now + SHORTEST_PAUSE_MS, attemptStartedAt + pause);
    sessionOf(this.#state)?.connection.dispose(failure);
    this.#enter({ name: 'open', reason: failure.reason, nextAttemptAt });
    this.#schedule(() => void this.#attempt(), nextAttemptAt - now);
  }

  #schedule(task: () => void, ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(task, ms);
  }

  /** Connects, probes, judges, replays. Never rejects. */
  async #attempt(): Promise<void> {
    if (this.#isShut()) return;
    if (this.#isAttempting) return this.#schedule(() => void this.#attempt(), SHORTEST_PAUSE_MS);
    this.#isAttempting = true;
    this.#timer?.cancel();
    const startedAt = this.#options.clock.now();
    const state = this.#state;
    if (state.name === 'open') this.#enter({ name: 'half-open', reason: state.reason });
    try {
      const failure = await this.#establish();
      if (failure !== undefined) this.#fail(failure, startedAt);
    } catch (error) {
      this.#fail(classify(error), startedAt);
    } finally {
      this.#isAttempting = false;
    }
  }

  async #establish(): Promise<Failure | undefined> {
    const connection = await this.#opener.open();
    if (connection instanceof Failure) return connection;
    const { prefix, hooks } = this.#options;
    const session = new Session(connection, prefix, hooks.canSpare);
    const failure = this.#isShut() ? CLOSED : await this.#qualify(session);
    if (failure !== undefined) connection.dispose(failure);
    return failure;
  }

  async #qualify(session: Session): Promise<Failure | undefined> {
    const { clock, prefix } = this.#options;
    const result = await probe(session, {
      clock,
      prefix,
      serverClock: this.serverClock,
      payloadBytes: this.#probeBytes,
    });
    if (result instanceof Failure) return result;
    if (this.#isShut()) return CLOSED;
    if (result.writesRefused !== undefined) {
      if (!this.identity.mayRead(result.found)) return result.writesRefused;
      this.#options.hooks.onFailure(result.writesRefused);
      if (this.identity.isRestarted(result.found)) this.#options.hooks.onRestart();
      this.#refuseWrites(result.writesRefused, session);
      return undefined;
    }
    this.#probeBytes = 0;
    return this.#recover(session, result.found);
  }

  async #recover(
    session: Session,
    found: Parameters<DataIdentity['settle']>[1],
  ): Promise<Failure | undefined> {
    const reason = reasonOf(this.#state) ?? 'connecting';
    const isRestarted = this.identity.isRestarted(found);
    const confirm = this.#options.hooks.beginFence();
    const settled = await this.identity.settle(session, found);
    if (settled instanceof Failure) return settled;
    if (this.#isShut()) return CLOSED;
    if (settled.isAmnesia) this.#options.hooks.onAmnesia();
    this.#leaveSession(session);
    this.#enter({ name: 'recovering', reason, session });
    const isReplayed = await this.#options.hooks.recover({ session, isRestarted });
    if (this.#state.name !== 'recovering' || this.#state.session !== session) return undefined;
    if (!isReplayed)
      return new Failure('unavailable', 'connection_lost', new Error('replay failed'));
    confirm();
    this.#enter({ name: 'closed', session });
    return undefined;
  }

  #leaveSession(next: Session): void {
    const current = sessionOf(this.#state);
    if (current === undefined || current === next) return;
    // What is under way on it may still be answered.
    const { clock, commandTimeoutMs } = this.#options;
    clock.setTimer(() => current.connection.dispose(), commandTimeoutMs);
  }

  /**
   * Reads go on; writes are tried again after a pause: on a fresh connection where the server may have
   * changed roles (names are resolved anew), on this one otherwise.
   */
  #refuseWrites(failure: Failure, session: Session): void {
    this.#leaveSession(session);
    this.#countTrouble();
    const now = this.#options.clock.now();
    const pause = this.#backoff.pauseMs(now);
    const { reason } = failure;
    this.#enter({ name: 'read-only', reason, session, nextAttemptAt: now + pause });
    const isReplaceable = reason === 'read_only' && this.#options.source.kind === 'made';
    const retry = () => (isReplaceable ? this.#attempt() : this.#requalify(session));
    this.#schedule(() => void retry(), pause);
  }

  async #requalify(session: Session): Promise<void> {
    if (this.#isAttempting || this.#state.name !== 'read-only') return;
    this.#isAttempting = true;
    try {
      const failure = await this.#qualify(session);
      if (failure !== undefined) session.connection.lose(failure);
    } catch (error) {
      session.connection.lose(classify(error));
    } finally {
      this.#isAttempting = false;
    }
  }
}
