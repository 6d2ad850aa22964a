import type { Clock } from '../core/time/clock.js';
import type { Turns } from '../core/time/turns.js';
import { within } from '../core/time/wait.js';
import { type Claim, LEASE_MS, type Store } from '../tiers/store.js';
import type { Flight } from './flight/flight.js';
import { SharedValue } from './flight/shared-value.js';

const POLL_SHORTEST_MS = 10;
const POLL_LONGEST_MS = 50;

/**
 * How long a process waits for another's lease, whatever end the lease states: as long as a lease outlives
 * its owner, and one look more.
 */
const LONGEST_WAIT_MS = LEASE_MS + POLL_LONGEST_MS;

/** What claims made of flights. A flight that is in neither list has ended. */
export interface Claimed {
  /** Whose loader is to run. */
  readonly ready: Flight[];
  /** Another process loads the key, and there is no stale value to serve meanwhile. */
  readonly held: Flight[];
}

export interface KeyClaimsOptions {
  /** The cache's own, without a request's waiting budget. */
  readonly store: Store;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly leaseWaitMs: number;
}

/**
 * Gets the right to load keys. Each flight leaves here with a value that somebody stored, with a stale
 * value while another process loads, or ready for its loader, with or without the right to store.
 *
 * Invariant: a lease that is granted is the flight's, or goes back at once because the flight has ended.
 */
export class KeyClaims {
  readonly #options: KeyClaimsOptions;

  constructor(options: KeyClaimsOptions) {
    this.#options = options;
  }

  /** Asks once for all, with the caller's patience. */
  async claim(store: Store, flights: readonly Flight[]): Promise<Claimed> {
    const claims = await store.claim(flights.map(keyOf), 'load');
    const claimed: Claimed = { ready: [], held: [] };
    const unreadable: Flight[] = [];
    const receiving = this.#options.turns.each(flights, (flight, i) => {
      const list = this.#receive(flight, claims[i] as Claim);
      if (list === 'unreadable') unreadable.push(flight);
      else if (list !== undefined) claimed[list].push(flight);
    });
    if (receiving !== undefined) await receiving;
    if (unreadable.length > 0) claimed.ready.push(...(await this.#claimOver(store, unreadable)));
    return claimed;
  }

  /** Asks for a key whose value is fresh. Whether its loader is to run. */
  async claimRefresh(flight: Flight): Promise<boolean> {
    const [claim] = await this.#options.store.claim([flight.key], 'refresh');
    if (claim?.kind === 'held') flight.end({ kind: 'elsewhere' });
    else if (claim !== undefined) accept(flight, claim);
    return flight.outcome === undefined;
  }

  /**
   * Waits while other processes load the keys, and gives `onReady` what need not wait any longer: together
   * what was granted at one look, and in the end all that is still held, to be loaded without being stored.
   */
  async pollHeld(held: Flight[], onReady: (ready: Flight[]) => void): Promise<void> {
    const { store, clock, leaseWaitMs } = this.#options;
    const giveUpAt = clock.now() + Math.min(leaseWaitMs, LONGEST_WAIT_MS);
    let pauseMs = POLL_SHORTEST_MS;
    let waiting = held;
    for (let leftMs = giveUpAt - clock.now(); leftMs > 0; leftMs = giveUpAt - clock.now()) {
      await pause(waiting, { clock, ms: Math.min(pauseMs, leftMs) });
      pauseMs = Math.min(POLL_LONGEST_MS, pauseMs * 1.5);
      const changed = waiting.filter(({ isVoid, outcome }) => isVoid && outcome === undefined);
      const live = waiting.filter(({ isJoinable }) => isJoinable);
      const claimed = live.length === 0 ? NOTHING : await this.claim(store, live);
      const ready = [...changed, ...claimed.ready];
      if (ready.length > 0) onReady(ready);
      waiting = claimed.held;
      if (waiting.length === 0) return;
    }
    const rest = waiting.filter(({ outcome }) => outcome === undefined);
    if (rest.length > 0) onReady(rest);
  }

  /** What is there cannot be decoded, though it is fresh: it is loaded anew, over it. */
  async #claimOver(store: Store, flights: readonly Flight[]): Promise<Flight[]> {
    const claims = await store.claim(flights.map(keyOf), 'refresh');
    for (const [i, flight] of flights.entries()) accept(flight, claims[i] as Claim);
    return flights.filter(({ outcome }) => outcome === undefined);
  }

  #receive(flight: Flight, claim: Claim): keyof Claimed | 'unreadable' | undefined {
    switch (claim.kind) {
      case 'value':
        return this.#serve(flight, claim.found) ? undefined : 'unreadable';
      case 'held':
        return receiveHeld(flight);
      case 'none': {
        // An earlier flight, or a set, may have stored it since this caller looked.
        const found = this.#options.store.peek(flight.key);
        if (found?.isStale === false && this.#serve(flight, found)) return;
        break;
      }
      case 'granted':
    }
    accept(flight, claim);
    return flight.outcome === undefined ? 'ready' : undefined;
  }

  /** Ends the flight with a value that somebody stored. Whether it can be decoded. */
  #serve(flight: Flight, found: Extract<Claim, { kind: 'value' }>['found']): boolean {
    try {
      flight.end({ kind: 'value', value: SharedValue.found(found) });
      return true;
    } catch {
      this.#options.store.unreadable(flight.key);
      return false;
    }
  }
}

const NOTHING: Claimed = { ready: [], held: [] };

const keyOf = ({ key }: Flight): string => key;

/** A stale value serves while another process loads, unless the key was changed. */
function receiveHeld(flight: Flight): 'held' | undefined {
  if (flight.stale === undefined || flight.isVoid) return 'held';
  flight.end({ kind: 'value', value: flight.stale });
  return undefined;
}

function accept(flight: Flight, claim: Claim): void {
  if (claim.kind === 'granted') {
    flight.lease = claim.lease;
    flight.isStorable = true;
    if (flight.outcome !== undefined) flight.giveUpLease();
  } else {
    flight.isStorable = claim.kind === 'none';
  }
}

/** Ends early when nobody waits for the flights any more. They are of one group. */
async function pause(
  flights: readonly Flight[],
  limit: { clock: Clock; ms: number },
): Promise<void> {
  const ended = flights[0]?.group.ended ?? Promise.resolve();
  await within(ended, limit, () => {});
}
