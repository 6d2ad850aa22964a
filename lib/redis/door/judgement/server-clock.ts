import type { Clock } from '../../../core/time/clock.js';
import { ANOMALY_MICROS } from '../../../entry/layout.js';
import type { ServerTime, Stamp } from '../../server-time.js';

/** How fast two clocks drift apart at most: 200 parts in a million, twice what oscillators are allowed. */
const DRIFT = 200e-6;

/** How long a good sample is valid before a worse one replaces it. */
const SAMPLE_VALID_MS = 10_000;

interface Sample {
  /** Server time minus local, monotonic time. */
  readonly offsetMs: number;
  /** The offset is wrong by this at most. */
  readonly errorMs: number;
  /** When it was taken (local, monotonic). */
  readonly at: number;
}

/**
 * The Redis server's clock as this process estimates it: the local monotonic clock plus an offset learned from
 * replies that carry the server's time (Cristian, "Probabilistic clock synchronization", 1989: wrong by at most
 * half a round trip). Before the first reply it is the local wall clock. Everything that processes compare with
 * each other is in this time, so their own clocks need not agree.
 *
 * Invariant: stamps grow, except where the server's clock was set back by more than a second. The scripts
 * ignore versions that far in the future, and would refuse stamps that stayed there.
 */
export class ServerClock implements ServerTime {
  readonly #clock: Clock;
  #offsetMs: number;
  #best: Sample | undefined;
  #last: Pick<Stamp, 'low' | 'high'> = { low: 0, high: 0 };
  /** How often the estimate was found wrong: by the first reply, and when the server's clock was set. */
  #epoch = 0;
  #shared: Stamp | undefined;
  #shown = 0;
  #seen = 0;
  readonly #endTurn = (): void => this.newTurn();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.wallNow() - clock.now();
  }

  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  latest(at: number = this.#clock.now()): number {
    return at + this.#offsetMs + this.#errorMs(at);
  }

  /** The largest possible error of the estimate; 0 before the first reply. */
  get errorMs(): number {
    return this.#errorMs(this.#clock.now());
  }

  /**
   * A reply said that the server's time was `serverMs`, at some moment since `sentAt` (local, monotonic). We
   * believe the sample with the shortest round trip, unless a newer one contradicts it (a clock was set) or it
   * is old (clocks drift).
   */
  observe(serverMs: number, sentAt: number): void {
    if (!Number.isFinite(serverMs)) return;
    const at = this.#clock.now();
    const sample = { offsetMs: serverMs - (sentAt + at) / 2, errorMs: (at - sentAt) / 2, at };
    if (this.#isBetter(sample)) {
      if (this.#best === undefined || this.#isContradicted(this.#best, sample)) this.#set();
      this.#best = sample;
      this.#offsetMs = sample.offsetMs;
      this.newTurn();
    }
  }

  stamp(): Stamp {
    if (this.#shared !== undefined) return this.#shared;
    const nowMicros = this.now() * 1_000;
    const errorMicros = this.errorMs * 1_000;
    const latest = Math.ceil(nowMicros + errorMicros);
    const last = this.#floor(latest);
    // It dates from before the clock was set back, so we ignore it.
    const seen = this.#seen > latest + ANOMALY_MICROS ? 0 : this.#seen;
    const low = Math.max(Math.floor(nowMicros - errorMicros), last.low + 1, seen + 1);
    const high = Math.max(latest, low, last.high + 1);
    this.#last = { low, high };
    this.#shared = { low, high, at: this.#clock.now(), epoch: this.#epoch };
    this.#clock.endOfTurn(this.#endTurn);
    return this.#shared;
  }

  saw(version: number): void {
    if (!(version > this.#seen)) return;
    this.#seen = version;
    this.newTurn();
  }

  /** A stamp from before the first reply is as wrong as the local wall clock. */
  renewed(stamp: Stamp): Stamp {
    if (stamp.epoch === this.#epoch) return stamp;
    const micros = (stamp.at + this.#offsetMs) * 1_000;
    const errorMicros = this.errorMs * 1_000;
    const low = Math.max(stamp.low, Math.floor(micros - errorMicros));
    const high = Math.max(stamp.high, low, Math.ceil(micros + errorMicros));
    return { low, high, at: stamp.at, epoch: this.#epoch };
  }

  raiseFloor(micros: number): void {
    const { low, high } = this.#last;
    this.#last = { low: Math.max(low, micros), high: Math.max(high, micros) };
    this.newTurn();
  }

  /** The next stamp is a new one. */
  newTurn(): void {
    this.#shared = undefined;
  }

  /** Versions up to here may date from before the clock was set back. */
  get ceiling(): number {
    if (this.#shown <= this.now() * 1_000) this.#shown = 0;
    return this.#shown;
  }

  #errorMs(at: number): number {
    const best = this.#best;
    return best === undefined ? 0 : best.errorMs + (at - best.at) * DRIFT;
  }

  /** The estimate was wrong, or is the first one: the local wall clock shows nothing of the server's. */
  #set(): void {
    this.#epoch++;
    if (this.#best !== undefined) this.#shown = Math.max(this.#shown, this.latest() * 1_000);
  }

  /**
   * A floor far above the server's clock dates from before that clock was set back, or from a wrong local
   * clock.
   */
  #floor(latest: number): Pick<Stamp, 'low' | 'high'> {
    return this.#last.low > latest + ANOMALY_MICROS ? { low: 0, high: 0 } : this.#last;
  }

  #isBetter(sample: Sample): boolean {
    const best = this.#best;
    if (best === undefined || sample.errorMs <= best.errorMs) return true;
    return sample.at - best.at >= SAMPLE_VALID_MS || this.#isContradicted(best, sample);
  }

  #isContradicted(best: Sample, sample: Sample): boolean {
    const drift = (sample.at - best.at) * DRIFT;
    const allowed = sample.errorMs + best.errorMs + drift;
    return Math.abs(sample.offsetMs - best.offsetMs) > allowed;
  }
}
