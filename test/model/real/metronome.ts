const BEAT_MS = 10;

/** Time as a process has it that gets its turns late: what a beat comes too late does not count. */
export class Metronome {
  readonly #timer: NodeJS.Timeout;
  #beats = 0;

  constructor() {
    this.#timer = setInterval(() => {
      this.#beats++;
    }, BEAT_MS);
    this.#timer.unref();
  }

  get ms(): number {
    return this.#beats * BEAT_MS;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
