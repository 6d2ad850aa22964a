import { Session } from 'node:inspector/promises';
import { InHand } from './in-hand.js';
import { names } from './names.js';

/** How often parts of the package's code ran while `act` did: each function, each branch, each round of a loop. */
async function runsDuring(session: Session, act: () => Promise<unknown>): Promise<number> {
  await session.post('Profiler.takePreciseCoverage');
  await act();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  let runs = 0;
  for (const { url, functions } of result) {
    if (!url.includes('/lib/')) continue;
    for (const { ranges } of functions) for (const { count } of ranges) runs += count;
  }
  return runs;
}

/**
 * A process of its own, because to read these counts sets them back, and they are also those of the test's coverage.
 * Prints what two loads of many keys cost.
 */
async function main(): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const runsOf = (count: number): Promise<number> =>
    runsDuring(session, async () => {
      const cache = new InHand();
      cache.store.isAway = true;
      await cache.getOrSetMany(names(count), (keys) => new Map(keys.map((key) => [key, 1])));
    });
  await runsOf(1_000);
  console.log(JSON.stringify([await runsOf(1_000), await runsOf(8_000)]));
}

void main();
