import { inBackground } from '../../core/background.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import { Failure } from '../../redis/failure.js';
import type { Commands, Door } from '../../redis/remote.js';
import type { Lease } from '../store.js';

/** A third of the length of a lease. */
const RENEW_EVERY_MS = 200;

/** What Redis granted, and what this process knew then. */
export interface Grant {
  readonly key: string;
  readonly fullKey: string;
  readonly token: string;
  /** The server's time of the grant in microseconds: the version of the loaded value. */
  readonly at: number;
  /** The generation of the grant. A value loaded in an old generation is not stored in a new one. */
  readonly generation: string;
  /** The ledger's position at the grant. */
  readonly position: number;
}

/** A lease that this process holds. A class, because one call may get thousands. */
export class HeldLease implements Lease, Grant {
  readonly key: string;
  readonly fullKey: string;
  readonly token: string;
  readonly at: number;
  readonly generation: string;
  readonly position: number;
  isVoid = false;
  readonly #keeper: LeaseKeeper;

  constructor(grant: Grant, keeper: LeaseKeeper) {
    this.key = grant.key;
    this.fullKey = grant.fullKey;
    this.token = grant.token;
    this.at = grant.at;
    this.generation = grant.generation;
    this.position = grant.position;
    this.#keeper = keeper;
  }

  release(): void {
    this.#keeper.release([this]);
  }

  abandon(): void {
    this.#keeper.end(this);
  }
}

/**
 * Renews the leases that this process holds, all in one command.
 *
 * Invariants: a lease ends when it is filled, given back, abandoned, or when Redis says that it is void; a
 * renewal without an answer ends nothing; the timer runs only while a lease is held.
 */
export class LeaseKeeper {
  readonly #door: Door;
  readonly #clock: Clock;
  readonly #held = new Set<HeldLease>();
  #timer: Timer | undefined;

  constructor(door: Door, clock: Clock) {
    this.#door = door;
    this.#clock = clock;
  }

  hold(grant: Grant): HeldLease {
    const lease = new HeldLease(grant, this);
    this.#held.add(lease);
    this.#schedule();
    return lease;
  }

  /** Stops the renewal of the lease. */
  end(lease: HeldLease): void {
    this.#held.delete(lease);
    if (this.#held.size === 0) this.stop();
  }

  /** Gives leases back without a value. */
  release(leases: readonly HeldLease[]): void {
    for (const lease of leases) this.end(lease);
    const given = leases.filter(({ isVoid }) => !isVoid);
    if (given.length > 0) void this.#giveBack(this.#door.writer, given);
  }

  stop(): void {
    this.#held.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #giveBack(commands: Commands | undefined, leases: readonly HeldLease[]): Promise<void> {
    const failure = await commands?.release(leases.map(named));
    if (failure !== undefined) this.#door.report(failure);
  }

  async #renew(): Promise<void> {
    this.#timer = undefined;
    const leases = [...this.#held];
    const outcomes = await this.#door.writer?.renew(leases.map(named));
    if (outcomes instanceof Failure) this.#door.report(outcomes);
    else if (outcomes !== undefined) {
      leases.forEach((lease, i) => {
        if (outcomes[i] !== 'void') return;
        lease.isVoid = true;
        this.#held.delete(lease);
      });
    }
    if (this.#held.size > 0) this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= inBackground(() => {
      return this.#clock.setTimer(() => void this.#renew(), RENEW_EVERY_MS);
    });
  }
}

function named({ fullKey, token }: HeldLease): { readonly key: string; readonly token: string } {
  return { key: fullKey, token };
}
