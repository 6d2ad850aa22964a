import { CacheHealthError } from '../../core/errors.js';
import type { Seat } from './await-flights.js';
import type { Flight, LoaderRun } from './flight.js';
import { currentCall } from './loader-call.js';

/** A longer chain of keys is shortened in the message. */
const MOST_KEYS = 10;

/** One step of the search: a run of a loader, reached through a flight of it that another run waits for. */
interface Step {
  readonly flight: Flight;
  readonly from: LoaderRun | undefined;
}

/**
 * A caller is about to wait for seats, some of flights that other callers began. If a loader would wait for
 * itself, it leaves all seats, and the flights that it has just begun are called off.
 *
 * @throws CacheHealthError `ERR_CACHE_LOADER_CYCLE` if one of the flights waits, directly or through others,
 * for the calling loader. All of them would wait until `loaderTimeout`.
 */
export function refuseCycle(seats: readonly Seat[], begun: readonly Flight[]): void {
  const asking = currentCall();
  const keys = asking && findCycle(asking, seats);
  if (keys === undefined) return;
  begun[0]?.group.callOff();
  for (const { flight } of seats) flight.group.leave();
  throw cycleError(keys);
}

/** The keys of a circle that begins and ends with the calling loader. */
function findCycle(asking: LoaderRun, seats: readonly Seat[]): readonly string[] | undefined {
  const steps = new Map<LoaderRun, Step>();
  const unvisited: LoaderRun[] = [];
  const reach = (flight: Flight, from: LoaderRun | undefined): void => {
    const { run } = flight;
    // A loader that has returned does not wait any more.
    if (run?.isRunning !== true || steps.has(run)) return;
    steps.set(run, { flight, from });
    unvisited.push(run);
  };
  for (const { flight } of seats) reach(flight, undefined);
  for (let run = unvisited.pop(); run !== undefined; run = unvisited.pop()) {
    if (run === asking) return keysTo(run, steps);
    for (const wait of run.waits) reach(wait.flight, run);
  }
  return undefined;
}

/** The keys on the way to a run, the run's own key first: that is where the circle begins. */
function keysTo(end: LoaderRun, steps: ReadonlyMap<LoaderRun, Step>): readonly string[] {
  const keys: string[] = [];
  for (let run: LoaderRun | undefined = end; run !== undefined; ) {
    const step: Step | undefined = steps.get(run);
    if (step !== undefined) keys.unshift(step.flight.key);
    run = step?.from;
  }
  return [keys.at(-1) as string, ...keys];
}

function cycleError(keys: readonly string[]): CacheHealthError {
  const shown =
    keys.length <= MOST_KEYS ? keys : [...keys.slice(0, MOST_KEYS - 2), '…', ...keys.slice(-1)];
  return new CacheHealthError(
    'ERR_CACHE_LOADER_CYCLE',
    `A loader waits for its own key: ${shown.map((key) => `'${key}'`).join(' → ')}. ` +
      'Load what both need under a key of its own, or call the database instead of the cache there.',
  );
}
