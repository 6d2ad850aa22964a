import { laneOf } from '../lane.js';
import type { ShardStore } from '../shard-store.js';
import type { Shards } from '../shards.js';
import type { Claim } from '../store.js';
import type { WaitBudget } from '../wait-budget.js';

type Mode = 'load' | 'refresh';

interface ClaimHow {
  readonly mode: Mode;
  readonly budget: WaitBudget | undefined;
}

const NONE: Claim = { kind: 'none' };

/** Claims keys. Gives back what is granted after the request's budget has ended. */
export async function claimAll(
  shards: Shards,
  keys: readonly string[],
  how: ClaimHow,
): Promise<readonly Claim[]> {
  if (how.budget?.isSpent === true) return noneOf(keys);
  if (shards.ready !== undefined) await shards.ready;
  const { only } = shards;
  return only === undefined ? claimOfSeveral(shards, keys, how) : claimOf(only, keys, how);
}

async function claimOf(
  { claims }: ShardStore,
  keys: readonly string[],
  { mode, budget }: ClaimHow,
): Promise<readonly Claim[]> {
  const claiming = claims.claim(keys, mode, laneOf(keys.length));
  if (budget === undefined) return claiming;
  const granted = await budget.spend<readonly Claim[] | undefined>(claiming, undefined);
  if (granted !== undefined) return granted;
  void claiming.then((late) => claims.giveBack(late));
  return noneOf(keys);
}

/** What one server grants in time counts, though another is late. */
async function claimOfSeveral(
  shards: Shards,
  keys: readonly string[],
  { mode, budget }: ClaimHow,
): Promise<readonly Claim[]> {
  const claims = noneOf(keys);
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

function noneOf(keys: readonly string[]): Claim[] {
  return keys.map(() => NONE);
}
