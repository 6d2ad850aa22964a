import type { ProcessClock, SteppedTime } from './stepped-time.js';
import type { Weather } from './weather.js';

/** What is longer on its way than this keeps a process from hearing of Redis in time. */
const SLOW_MS = 50;

/** Whether a process runs, and whether it hears of Redis in time. */
export class Life {
  readonly clock: ProcessClock;
  readonly #time: SteppedTime;
  #state: 'running' | 'stopped' | 'dead' = 'running';
  #stopped = signal();
  #stoppedMs = 0;
  #isCutOff = false;
  #disturbedMs: number;
  #longestDelayMs = 0;

  constructor(time: SteppedTime) {
    this.#time = time;
    this.clock = time.newClock();
    this.#disturbedMs = time.now();
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Resolves when the process does not run any more. */
  get untilStopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** The longest that anything was on its way. */
  get longestDelayMs(): number {
    return this.#longestDelayMs;
  }

  /** Since when nothing keeps it from hearing of Redis and telling it. */
  get undisturbedSince(): number {
    const isDisturbed = !this.isRunning || this.#isCutOff;
    return isDisturbed ? Number.POSITIVE_INFINITY : this.#disturbedMs;
  }

  /** Something kept it from that until now. */
  disturbed(): void {
    this.#disturbedMs = this.#time.now();
  }

  /** Its network suffers. */
  suffers(weather: Weather): void {
    this.disturbed();
    if (weather === 'stall' || weather === 'refuse') this.#isCutOff = true;
    if (weather === 'flow') this.#isCutOff = false;
  }

  /** Something is on its way to or from the process until `arrival`. */
  async expects(arrival: Promise<void>): Promise<void> {
    const sentMs = this.#time.now();
    await arrival;
    const tookMs = this.#time.now() - sentMs;
    this.#longestDelayMs = Math.max(this.#longestDelayMs, tookMs);
    if (tookMs > SLOW_MS) this.disturbed();
  }

  /** `isAsleep`: its clock stands still. */
  stop({ isAsleep = false }: { readonly isAsleep?: boolean } = {}): void {
    if (!this.isRunning) return;
    this.#state = 'stopped';
    this.#stopped.resolve();
    this.#stoppedMs = isAsleep ? this.#time.now() : Number.POSITIVE_INFINITY;
    this.clock.stop({ isAsleep });
  }

  /** Returns for how long its clock stood still. */
  goOn(): number {
    if (this.#state !== 'stopped') return 0;
    this.#state = 'running';
    this.#stopped = signal();
    this.disturbed();
    this.clock.goOn();
    return Math.max(0, this.#time.now() - this.#stoppedMs);
  }

  /** For good. */
  end(): void {
    this.stop();
    this.#state = 'dead';
  }
}

function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
