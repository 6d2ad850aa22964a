import type { Clock, Timer } from '../core/clock.js';
import { Failure } from './failure.js';
import type { Identity } from './identity.js';
import type { Session } from './session.js';

/** How often a healthy connection is asked something, so that a hang is noticed without traffic. */
const PULSE_MS = 500;

export interface PulseOptions {
  readonly clock: Clock;
  readonly identity: Identity;
  /** A fence command is about to be sent; the returned function is called once it is acknowledged. */
  readonly beginFence: () => () => void;
  readonly onFailure: (failure: Failure) => void;
}

/**
 * Counts the fence on twice a second while all is well: a hang is noticed, the server's clock is
 * followed, another process' change of generation is heard of, and what was acknowledged so far is
 * known to lie before a fence. A pulse without an answer is followed by the next at once.
 */
export class Pulse {
  readonly #options: PulseOptions;
  #session: Session | undefined;
  #timer: Timer | undefined;

  constructor(options: PulseOptions) {
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
    this.#timer = this.#options.clock.setTimer(() => void this.#beat(session), PULSE_MS);
  }

  async #beat(session: Session): Promise<void> {
    const confirm = this.#options.beginFence();
    const verdict = await this.#options.identity.pulse(session);
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
