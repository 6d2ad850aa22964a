import type { Clock, Timer } from '../../core/time/clock.js';
import { Failure } from '../failure.js';
import type { DoorSession } from './door-session.js';

/** Changes that follow one another sooner are noticed together. */
const PAUSE_MS = 10;

export interface GenerationNewsOptions {
  readonly clock: Clock;
  /** Whether this is what the process knows already: the content of the record. */
  readonly isKnown: (record: string) => boolean;
  /** The generation has changed: reads the records again. */
  readonly onChange: () => unknown;
}

/**
 * Notices a new generation when it is made, because the server tells it, and not only at the next heartbeat. Where
 * the server tells nothing, the heartbeat alone notices it.
 */
export class GenerationNews {
  readonly #options: GenerationNewsOptions;
  #session: DoorSession | undefined;
  #timer: Timer | undefined;
  #leave: () => void = () => {};
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: GenerationNewsOptions) {
    this.#options = options;
  }

  start(session: DoorSession): void {
    if (this.#session === session) return;
    this.stop();
    const { news } = session;
    if (news === undefined) return;
    this.#session = session;
    const record = session.ownKey('gen');
    this.#leave = news.listen((key) => {
      if (key === undefined || key === record) this.#soon(session);
    });
    this.#soon(session);
  }

  stop(): void {
    this.#session = undefined;
    this.#leave();
    this.#leave = () => {};
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #soon(session: DoorSession): void {
    if (this.#session !== session || this.#timer !== undefined) return;
    const { clock } = this.#options;
    const inMs = Math.max(0, this.#readAt + PAUSE_MS - clock.now());
    if (inMs === 0) return void this.#read(session);
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined;
      void this.#read(session);
    }, inMs);
  }

  /** To read the record again is also to ask the server for its next change. */
  async #read(session: DoorSession): Promise<void> {
    this.#readAt = this.#options.clock.now();
    const record = await session.news?.getRecord(session.ownKey('gen'));
    // If nothing came, the next heartbeat says why.
    if (this.#session !== session || record instanceof Failure) return;
    if (typeof record !== 'string' || !this.#options.isKnown(record)) this.#options.onChange();
  }
}
