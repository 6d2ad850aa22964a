import type { Clock } from '../../core/time/clock.js';
import type { Door } from '../../redis/remote.js';

/** The first attempt to connect, which calls wait for, `patienceMs` at most. */
export class FirstAttempt {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #ready: Promise<void> | undefined;
  /** A change waits. */
  #hasChanges = false;

  /** Lets the calls that wait go on. */
  end: () => void = () => {};

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Connecting has begun. */
  begin(doors: () => readonly Door[]): void {
    if (doors().every(({ firstAttempt }) => firstAttempt === undefined)) return;
    const ready = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    const timer = this.#clock.setTimer(this.end, this.#patienceMs, { ref: true });
    void untilAttempted(doors).then(this.end);
    this.#ready = ready;
    // This runs before the waiting calls, so that later calls go behind them.
    void ready.then(() => {
      timer.cancel();
      this.#ready = undefined;
    });
  }

  /** Present while calls have to wait. */
  get ready(): Promise<void> | undefined {
    return this.#ready;
  }

  /** Present while a change waits. */
  get changesWait(): Promise<void> | undefined {
    return this.#hasChanges ? this.#ready : undefined;
  }

  /** A change waits, if it has to. */
  readyForChange(): Promise<void> | undefined {
    this.#hasChanges = true;
    return this.#ready;
  }
}

/** The first door of a cluster finds the others, which then make their own first attempt. */
async function untilAttempted(doors: () => readonly Door[]): Promise<void> {
  const seen = new Set<Door>();
  for (let news = doors(); news.length > 0; news = doors().filter((each) => !seen.has(each))) {
    for (const each of news) seen.add(each);
    await Promise.all(news.map(({ firstAttempt }) => firstAttempt));
  }
}
