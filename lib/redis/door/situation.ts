import type { Clock } from '../../core/time/clock.js';
import { isKnownOutage, isWritable } from '../door-state.js';
import type { Failure } from '../failure.js';
import type { Door, DoorListener, DoorState } from '../remote.js';
import { Backoff, SHORTEST_PAUSE_MS } from './backoff.js';
import type { DoorSession } from './door-session.js';
import { shortestPauseMs } from './judgement/refusal.js';
import { NO_LISTENER } from './no-listener.js';
import { type DoorEvent, transition } from './transition.js';

export interface SituationOptions {
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  readonly door: Door;
}

/**
 * The state of a door, its session in use, and how long an outage has lasted. The state changes only here, so
 * each change is reported once.
 */
export class Situation {
  readonly door: Door;
  readonly #clock: Clock;
  readonly #commandTimeoutMs: number;
  readonly #backoff: Backoff;
  #listener: DoorListener = NO_LISTENER;
  #state: DoorState = { name: 'connecting' };
  #session: DoorSession | undefined;
  #closedSince: number | undefined;

  constructor({ clock, commandTimeoutMs, door }: SituationOptions) {
    this.door = door;
    this.#clock = clock;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#backoff = new Backoff(clock.now());
  }

  begin(listener: DoorListener): void {
    this.#listener = listener;
  }

  get listener(): DoorListener {
    return this.#listener;
  }

  get state(): DoorState {
    return this.#state;
  }

  get isShut(): boolean {
    return this.#state.name === 'shut';
  }

  /** The session in use or being judged again. */
  get session(): DoorSession | undefined {
    return this.#session;
  }

  apply(event: DoorEvent): void {
    const previous = this.#state;
    const state = transition(previous, event);
    if (state === previous) return;
    this.#state = state;
    if (state.name === 'closed') this.#closedSince = this.#clock.now();
    this.#listener.stateChanged(this.door, state, previous);
    const isOpened = isWritable(state) && !isWritable(previous);
    if (isOpened && this.#session !== undefined) this.#listener.opened(this.door, this.#session);
  }

  /** From now on `session` is the one in use. The one before may still answer what is in flight. */
  use(session: DoorSession): void {
    const before = this.#session;
    this.#session = session;
    if (before === undefined || before === session) return;
    this.#clock.setTimer(() => before.dispose(), this.#commandTimeoutMs);
  }

  /** Ends the session in use. */
  leave(failure: Failure): void {
    const session = this.#session;
    this.#session = undefined;
    session?.dispose(failure);
  }

  /** Reports that an attempt failed or a connection was lost. During a known outage that counts as a probe. */
  tell(failure: Failure): void {
    this.#listener.failed(failure, isKnownOutage(this.#state) ? 'probe' : 'connect');
  }

  /** When we try Redis next after a failure of something that began at `attemptedAt`. */
  nextAttemptAt(failure: Failure, attemptedAt: number): number {
    const now = this.#clock.now();
    const wellSince = this.#closedSince;
    this.#closedSince = undefined;
    if (wellSince !== undefined) this.#backoff.returns(now, wellSince);
    const pause = this.#backoff.pauseMs(now, { hasWork: this.#listener.hasWork });
    // There is always a gap, because a process that has nothing else to do can end between two attempts.
    const shortest = Math.max(SHORTEST_PAUSE_MS, shortestPauseMs(failure.reason));
    // The next server is known, so there is nothing to wait for.
    const isKnown = failure.reason === 'failover';
    return isKnown ? now + shortest : Math.max(now + shortest, (wellSince ?? attemptedAt) + pause);
  }
}
