import type { KeyChange, TagMoment } from '../../tiers/store.js';
import { Flight } from './flight.js';
import { FlightGroup, type GroupOptions } from './flight-group.js';
import type { SharedValue } from './shared-value.js';

/**
 * The flights that are in flight, by key.
 *
 * Invariants: a key has one flight at most that callers may join; a change of the key voids it, so that later
 * callers begin a new one.
 */
export class FlightTable {
  readonly #flights = new Map<string, Flight>();
  /** Includes groups whose flights are void. */
  readonly #groups = new Set<FlightGroup>();

  readonly #onFlightEnd = (flight: Flight): void => {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
  };

  readonly #onGroupOver = (group: FlightGroup): void => {
    this.#groups.delete(group);
  };

  /** The flight of the key that a caller may share. */
  find(key: string): Flight | undefined {
    const flight = this.#flights.get(key);
    return flight?.isJoinable === true ? flight : undefined;
  }

  newGroup(
    { loader, config }: { readonly loader: unknown; readonly config: Pick<GroupOptions, 'tags'> },
    how: Pick<GroupOptions, 'since' | 'kind'>,
  ): FlightGroup {
    return new FlightGroup({ loader, tags: config.tags, ...how }, this.#onGroupOver);
  }

  /** Begins the flight of a call for one key. */
  beginOne(
    request: { readonly key: string } & Parameters<FlightTable['newGroup']>[0],
    since: TagMoment,
    stale: SharedValue | undefined,
  ): Flight {
    return this.begin(request.key, this.newGroup(request, { since }), stale);
  }

  begin(key: string, group: FlightGroup, stale: SharedValue | undefined): Flight {
    const flight = new Flight({ key, group, stale, onEnd: this.#onFlightEnd });
    this.#groups.add(group);
    this.#flights.set(key, flight);
    return flight;
  }

  /** Voids the flights of changed keys, so that their values are not stored. Costs one look-up for one key. */
  invalidate(change: KeyChange): void {
    if ('key' in change) this.#flights.get(change.key)?.invalidate();
    else if ('tags' in change) this.#invalidateTagged(change);
    else for (const [key, flight] of this.#flights) if (change.matches(key)) flight.invalidate();
  }

  #invalidateTagged({ tags, when }: Extract<KeyChange, { readonly tags: unknown }>): void {
    for (const flight of this.#flights.values())
      if (flight.hasTag(tags)) flight.invalidateByTag(when);
  }

  endAll(reason: unknown): void {
    for (const group of this.#groups) group.end(reason);
  }
}
