import type { Clock, Timer } from '../../core/clock.js';
import type { Session } from '../commands/session.js';
import { Failure } from '../failure.js';
import type { DataIdentity } from './data-identity.js';

/** How often a healthy connection is asked something, so that a hang is noticed without traffic. */
const HEARTBEAT_MS = 500;

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly identity: DataIdentity;
  /** A fence command is about to be sent; the returned function is called once it is acknowledged. */
  readonly beginFence: () => () => void;
  readonly onFailure: (failure: Failure) => void;
}

/**
 * Counts the fence on twice a second while all is well: a hang is noticed, the server's clock is
 * followed, another process' change of generation is heard of, and what was acknowledged so far is
 * known to lie before a fence. A heartbeat without an answer is followed by the next at once.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #session: Session | undefined;
  #timer: Timer | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(session: Session): void {
    this.#session = session;
    this.#schedule(session);
  }

  stop(): void {
    this.#session = undefined;
    this.#timer?.cancel();
  }

  #schedule(session: Session): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(() => void this.#beat(session), HEARTBEAT_MS);
  }

  async #beat(session: Session): Promise<void> {
    const confirm = this.#options.beginFence();
    const verdict = await this.#options.identity.beat(session);
    if (this.#session !== session) return;
    if (!(verdict instanceof Failure)) {
      confirm();
      this.#schedule(session);
      return;
    }
    this.#options.onFailure(verdict);
    // The failure may have ended the session.
    if (this.#session !== session) return;
    if (verdict.reason === 'timeout') void this.#beat(session);
    else this.#schedule(session);
  }
}
