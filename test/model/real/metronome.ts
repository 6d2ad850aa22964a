const BEAT_MS = 10;

/** A beat that comes later than this says that the process does not get its turns: the time does not count. */
const LATE_MS = 5;

/** Time as a process has it that gets its turns in time. */
export class Metronome {
  readonly #timer: NodeJS.Timeout;
  #ms = 0;
  #lastAt = performance.now();
  #worstLateMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  get ms(): number {
    return this.#ms;
  }

  /** How late a beat was at worst: what is slow for a process that gets its turns so late cannot be said more exactly. */
  get worstLateMs(): number {
    return this.#worstLateMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    const lateMs = now - this.#lastAt - BEAT_MS;
    if (lateMs <= LATE_MS) this.#ms += BEAT_MS;
    this.#worstLateMs = Math.max(this.#worstLateMs, lateMs);
    this.#lastAt = now;
  }
}
