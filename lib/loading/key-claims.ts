import type { Clock } from '../core/time/clock.js';
import type { Turns } from '../core/time/turns.js';
import { within } from '../core/time/wait.js';
import { LEASE_MS } from '../entry/layout.js';
import type { Share } from '../entry/sharing.js';
import type { Observer } from '../tiers/observer.js';
import type { Claim, Store } from '../tiers/store.js';
import type { Flight } from './flight/flight.js';
import { SharedValue } from './flight/shared-value.js';

const POLL_SHORTEST_MS = 10;
const POLL_LONGEST_MS = 50;

/**
 * How long a process waits for another's lease, whatever end the lease states: the longest time that a lease
 * outlives its owner, and one more look.
 */
const LONGEST_WAIT_MS = LEASE_MS + POLL_LONGEST_MS;

/** The result of claims. A flight that is in neither list has ended. */
export interface Claimed {
  /** The flights whose loader runs now. */
  readonly ready: Flight[];
  /** Another process loads the key, and there is no stale value to serve. */
  readonly held: Flight[];
}

export interface KeyClaimsOptions {
  /** The cache's own, without a request's waiting budget. */
  readonly store: Store;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly leaseWaitMs: number;
  readonly observer: Pick<Observer, 'coalesced'>;
  readonly share?: Share | undefined;
}

/**
 * Gets the right to load keys. Each flight ends here with a stored value, or with a stale value while another
 * process loads, or it is ready for its loader, with or without the right to store.
 *
 * Invariant: a granted lease belongs to its flight, or goes back at once because the flight has ended.
 */
export class KeyClaims {
  readonly #options: KeyClaimsOptions;

  constructor(options: KeyClaimsOptions) {
    this.#options = options;
  }

  /** Claims all keys once, within the caller's waiting time. */
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

  /** Claims a key whose value is fresh. Returns whether its loader is to run. */
  async claimRefresh(flight: Flight): Promise<boolean> {
    const [claim] = await this.#options.store.claim([flight.key], 'refresh');
    if (claim?.kind === 'held') flight.end({ kind: 'elsewhere' });
    else if (claim !== undefined) accept(flight, claim);
    return flight.outcome === undefined;
  }

  /**
   * Waits while other processes load the keys. Passes flights to `onReady` when they need not wait any longer:
   * all that one look granted, and in the end all that are still held, which load without storing.
   */
  async pollHeld(held: Flight[], onReady: (ready: Flight[]) => void): Promise<void> {
    const { store, clock, leaseWaitMs, observer } = this.#options;
    const giveUpAt = clock.now() + Math.min(leaseWaitMs, LONGEST_WAIT_MS);
    let pauseMs = POLL_SHORTEST_MS;
    let waiting = held;
    for (let leftMs = giveUpAt - clock.now(); leftMs > 0; leftMs = giveUpAt - clock.now()) {
      await pause(waiting, { clock, ms: Math.min(pauseMs, leftMs) });
      pauseMs = Math.min(POLL_LONGEST_MS, pauseMs * 1.5);
      const changed = waiting.filter(({ isVoid, outcome }) => isVoid && outcome === undefined);
      const live = waiting.filter(({ isJoinable }) => isJoinable);
      const claimed = live.length === 0 ? NOTHING : await this.claim(store, live);
      const served = live.filter(({ outcome }) => outcome?.kind === 'value').length;
      if (served > 0) observer.coalesced('lease', served);
      const ready = [...changed, ...claimed.ready];
      if (ready.length > 0) onReady(ready);
      waiting = claimed.held;
      if (waiting.length === 0) return;
    }
    const rest = waiting.filter(({ outcome }) => outcome === undefined);
    if (rest.length > 0) onReady(rest);
  }

  /** The fresh value cannot be decoded. Claims the key to load over it. */
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

  /** Ends the flight with a stored value. Returns whether it can be decoded. */
  #serve(flight: Flight, found: Extract<Claim, { kind: 'value' }>['found']): boolean {
    try {
      flight.end({ kind: 'value', value: SharedValue.found(found, this.#options.share) });
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
  if (flight.stale === undefined || !flight.allowsStale) return 'held';
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

/** Ends early if no caller waits for the flights any more. They belong to one group. */
async function pause(
  flights: readonly Flight[],
  limit: { clock: Clock; ms: number },
): Promise<void> {
  const ended = flights[0]?.group.ended ?? Promise.resolve();
  await within(ended, limit, () => {});
}
