import { laneOf } from '../lane.js';
import type { Shards } from '../shards.js';
import type { Claim } from '../store.js';
import type { WaitBudget } from '../wait-budget.js';

const NONE: Claim = { kind: 'none' };

/** Claims keys of several servers. Gives back what is granted after the request's budget has ended. */
export async function claimAll(
  shards: Shards,
  keys: readonly string[],
  { mode, budget }: { readonly mode: 'load' | 'refresh'; readonly budget: WaitBudget | undefined },
): Promise<readonly Claim[]> {
  const claims = keys.map((): Claim => NONE);
  if (budget?.isSpent === true) return claims;
  await shards.ready;
  const lane = laneOf(keys.length);
  let isLate = false;
  const claiming = shards.split(keys).map(async ({ of, keys: some, at }) => {
    const granted = await of.claims.claim(some, mode, lane);
    if (isLate) of.claims.giveBack(granted);
    else for (const [i, index] of at.entries()) claims[index] = granted[i] as Claim;
  });
  const all = Promise.all(claiming).then(() => true);
  const isInTime = await (budget?.spend(all, false) ?? all);
  // The caller does not wait for the rest any more, so late grants are given back.
  isLate = !isInTime;
  return isLate ? [...claims] : claims;
}
