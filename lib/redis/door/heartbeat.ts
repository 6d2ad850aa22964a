import type { Clock, Timer } from '../../core/time/clock.js';
import { Failure } from '../failure.js';
import type { DoorSession } from './door-session.js';

/** How often we send a heartbeat on a healthy connection, so that we notice a hang without traffic. */
export const HEARTBEAT_MS = 500;

/**
 * How often at rest. As long a process that has nothing to replay may wait between two attempts to connect, so it
 * notices what happened to the data no later than one that comes back from an outage.
 */
const RESTING_MS = 5_000;

/** The rest begins when no one has asked for a proof for this long. */
const REST_AFTER_MS = 2_000;

/** A heartbeat proves the data for this long after its sending (R8); at rest, for one heartbeat. */
const PROVEN_FOR_MS = 2 * HEARTBEAT_MS;

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Sends one pair. Resolves to whether it proves that the data is still that of the same reign. */
  readonly beat: (session: DoorSession) => Promise<boolean | Failure>;
  readonly onFailure: (failure: Failure) => void;
  /** Whether something needs a heartbeat twice a second, although no caller asks. */
  readonly isNeeded: (session: DoorSession) => boolean;
}

interface Waiting {
  readonly answer: Promise<boolean>;
  readonly resolve: (isProven: boolean) => void;
}

/**
 * Sends a heartbeat twice a second. It detects hangs, follows the server's clock, notices a new generation, and
 * confirms earlier writes. After a heartbeat without an answer the next one is sent at once.
 *
 * At rest it sends one every five seconds (docs/adr/0043-heartbeats-rest.md). The rest ends within half a second of the first
 * question, which a new heartbeat answers.
 *
 * Invariants: one heartbeat is in flight at a time; `prove` resolves with one that was sent after the call.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #session: DoorSession | undefined;
  #timer: Timer | undefined;
  #isBeating = false;
  #provenAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** When someone asked for a proof last. */
  #usedAt = Number.NEGATIVE_INFINITY;
  #isResting = false;
  #asked: Waiting | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Whether a recent heartbeat proved the data. A question ends the rest. */
  isProven(): boolean {
    this.#usedAt = this.#options.clock.now();
    const forMs = this.#isResting ? HEARTBEAT_MS : PROVEN_FOR_MS;
    return this.#usedAt - this.#provenAt <= forMs;
  }

  /** Sends a heartbeat, unless one of the last half second was answered: `undefined`. */
  look(): Promise<boolean> | undefined {
    this.#usedAt = this.#options.clock.now();
    return this.#usedAt - this.#provenAt <= HEARTBEAT_MS ? undefined : this.prove();
  }

  /** Something other than a heartbeat, sent at `sentAt`, proved the data. */
  proven(sentAt: number): void {
    this.#provenAt = sentAt;
  }

  /** Nothing counts as proven until the next heartbeat, which is sent at once. */
  distrust(): void {
    this.#provenAt = Number.NEGATIVE_INFINITY;
    void this.prove();
  }

  start(session: DoorSession): void {
    if (this.#session === session) return;
    this.stop();
    this.#session = session;
    this.#usedAt = this.#options.clock.now();
    this.#schedule(HEARTBEAT_MS);
  }

  stop(): void {
    this.#session = undefined;
    this.#timer?.cancel();
    this.#provenAt = Number.NEGATIVE_INFINITY;
    this.#isResting = false;
    this.#takeAsked()?.resolve(false);
  }

  /** Sends a heartbeat at once, which all calls of this turn share. Without a connection it proves nothing. */
  prove(): Promise<boolean> {
    if (this.#session === undefined) return Promise.resolve(false);
    this.#usedAt = this.#options.clock.now();
    if (this.#asked === undefined) {
      this.#asked = waiting();
      this.#options.clock.endOfTurn(() => this.#beat());
    }
    return this.#asked.answer;
  }

  #takeAsked(): Waiting | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }

  #schedule(ms: number): void {
    this.#timer?.cancel();
    if (this.#session === undefined) return;
    this.#timer = this.#options.clock.setTimer(() => this.#tick(), ms);
  }

  #tick(): void {
    const now = this.#options.clock.now();
    this.#isResting = this.#mayRest(now);
    if (this.#isResting && now - this.#sentAt < RESTING_MS) this.#schedule(HEARTBEAT_MS);
    else this.#beat();
  }

  #mayRest(now: number): boolean {
    if (this.#session === undefined || this.#provenAt < this.#sentAt) return false;
    return now - this.#usedAt >= REST_AFTER_MS && !this.#options.isNeeded(this.#session);
  }

  #beat(): void {
    const session = this.#session;
    // When the one in flight ends, it looks for new calls of `prove`.
    if (session === undefined || this.#isBeating) return;
    this.#timer?.cancel();
    void this.#run(session);
  }

  async #run(session: DoorSession): Promise<void> {
    const asked = this.#takeAsked();
    const sentAt = this.#options.clock.now();
    this.#sentAt = sentAt;
    this.#isBeating = true;
    const verdict = await this.#options.beat(session);
    this.#isBeating = false;
    const isCurrent = this.#session === session;
    const isProven = verdict === true && isCurrent;
    if (isProven) this.#provenAt = sentAt;
    asked?.resolve(isProven);
    if (verdict instanceof Failure && isCurrent) this.#options.onFailure(verdict);
    const isMissing = verdict instanceof Failure && verdict.reason === 'timeout';
    // A call of `prove` while this one was in flight needs another one.
    if (this.#asked !== undefined) this.#beat();
    else if (isMissing) this.#schedule(0);
    else this.#schedule(Math.max(0, sentAt + HEARTBEAT_MS - this.#options.clock.now()));
  }
}

function waiting(): Waiting {
  let resolve = (_isProven: boolean): void => {};
  const answer = new Promise<boolean>((settle) => {
    resolve = settle;
  });
  return { answer, resolve };
}
