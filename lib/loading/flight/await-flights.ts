import type { AbortListeners } from '../../core/abort-listeners.js';
import type { Clock } from '../../core/time/clock.js';
import type { Flight, FlightListener, FlightOutcome } from './flight.js';
import { currentCall } from './loader-call.js';
import type { SharedValue } from './shared-value.js';

/** The value that a caller may get in place of the load, as long as it is usable. */
export interface StaleValue {
  readonly value: SharedValue;
  /** It is within its grace. */
  isUsable(): boolean;
}

/** A flight that a caller waits for, and its stale value. */
export interface Seat {
  readonly flight: Flight;
  /** The position at which the caller came, in the order of events that concern tags. */
  readonly cameAt: number;
  readonly stale: StaleValue | undefined;
}

/** How long a caller waits. */
export interface Patience {
  readonly clock: Clock;
  /** How long to wait if there is a stale value. */
  readonly softTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly aborts: AbortListeners;
}

/** The result of one seat. */
export type SeatOutcome = Exclude<FlightOutcome, { readonly kind: 'failed' }>;

/**
 * Waits for flights that one caller has joined. If there is a stale value, the wait for its key ends with that
 * value after `softTimeout`, or when the load fails, unless the key was changed. Without one it ends with the
 * load. The caller's signal ends only the wait. Rejects with the first failure that has no stale value.
 */
export async function awaitFlights(
  seats: readonly Seat[],
  patience: Patience,
): Promise<readonly SeatOutcome[]> {
  const call = currentCall();
  const waits = call && seats.map(({ flight }) => call.waitFor(flight));
  const party = new Party(seats);
  try {
    await party.settled(patience);
    return party.outcomes;
  } finally {
    for (const wait of waits ?? []) call?.endWait(wait);
    party.leave();
  }
}

/** The seats of one call, and how many of them have no outcome yet. */
class Party {
  readonly #seats: readonly WaitingSeat[];
  #left = 0;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(seats: readonly Seat[]) {
    this.#seats = seats.map((seat) => new WaitingSeat(seat, this));
  }

  /** The outcomes of all seats, once each seat has one. */
  get outcomes(): readonly SeatOutcome[] {
    return this.#seats.map(({ outcome }) => outcome as SeatOutcome);
  }

  async settled(patience: Patience): Promise<void> {
    const { signal, aborts, clock, softTimeoutMs } = patience;
    const settled = new Promise<void>((resolve, reject) => {
      [this.#resolve, this.#reject] = [resolve, reject];
    });
    this.#left = this.#seats.length;
    for (const seat of this.#seats) seat.begin();
    if (this.#left === 0) this.#resolve();
    const forget = signal && aborts.add(signal, (reason) => this.#reject(reason));
    const hasStale = softTimeoutMs !== Number.POSITIVE_INFINITY && this.#seats.some(isPatient);
    const timer = hasStale && softTimeoutMs > 0 && this.#left > 0;
    const soft = timer && clock.setTimer(() => this.#serveStale(), softTimeoutMs, { ref: true });
    if (hasStale && softTimeoutMs === 0) this.#serveStale();
    try {
      await settled;
    } finally {
      forget?.();
      if (soft) soft.cancel();
    }
  }

  /** For seats: one has its outcome. */
  seatSettled(): void {
    if (--this.#left === 0) this.#resolve();
  }

  /** For seats: one has failed, so the call fails. Other loads that it began go on and are stored. */
  seatFailed(error: unknown): void {
    for (const seat of this.#seats) seat.keepLoading();
    this.#reject(error);
  }

  leave(): void {
    for (const seat of this.#seats) seat.leave();
  }

  #serveStale(): void {
    for (const seat of this.#seats) seat.serveStale();
  }
}

function isPatient(seat: WaitingSeat): boolean {
  return seat.hasStale;
}

class WaitingSeat implements FlightListener {
  readonly #flight: Flight;
  readonly #stale: StaleValue | undefined;
  readonly #cameAt: number;
  readonly #party: Party;
  outcome: SeatOutcome | undefined;

  constructor(seat: Seat, party: Party) {
    this.#flight = seat.flight;
    this.#stale = seat.stale;
    this.#cameAt = seat.cameAt;
    this.#party = party;
  }

  get hasStale(): boolean {
    return this.#stale !== undefined;
  }

  begin(): void {
    if (this.#flight.outcome !== undefined) this.flightEnded(this.#flight.outcome);
    else this.#flight.listen(this);
  }

  flightEnded(outcome: FlightOutcome): void {
    if (outcome.kind === 'value' && this.#flight.mayBeTooOldFor(this.#cameAt))
      this.#settle({ kind: 'elsewhere' });
    else if (outcome.kind !== 'failed') this.#settle(outcome);
    else if (this.#mayServeStale) this.#settleStale();
    else this.#party.seatFailed(outcome.error);
  }

  /** The caller's wait ends with the stale value. The load will replace it. */
  serveStale(): void {
    if (this.outcome !== undefined || !this.#mayServeStale) return;
    this.#flight.group.keepLoading();
    this.#settleStale();
  }

  keepLoading(): void {
    if (this.#flight.outcome === undefined) this.#flight.group.keepLoading();
  }

  leave(): void {
    this.#flight.unlisten(this);
    this.#flight.group.leave();
  }

  get #mayServeStale(): boolean {
    return this.#stale?.isUsable() === true && this.#flight.allowsStale;
  }

  #settleStale(): void {
    this.#settle({ kind: 'value', value: (this.#stale as StaleValue).value });
  }

  #settle(outcome: SeatOutcome): void {
    this.#flight.unlisten(this);
    this.outcome = outcome;
    this.#party.seatSettled();
  }
}
