import type { Shards } from '../shards.js';
import type { TagNeed, TagVersions } from '../store.js';
import type { WaitBudget } from '../wait-budget.js';

const LATE: unique symbol = Symbol('late');

/** The versions of tags, within the time that the request may wait: without Redis if that is over. */
export function versionsInTime(
  { tags, ready }: Pick<Shards, 'tags' | 'ready'>,
  budget: WaitBudget | undefined,
  [names, need]: readonly [names: readonly string[], need: TagNeed],
): TagVersions | Promise<TagVersions> {
  if (ready !== undefined)
    return ready.then(() => versionsInTime({ tags, ready: undefined }, budget, [names, need]));
  const withoutRedis = (): TagVersions =>
    need.since === undefined ? tags.versionsInMemory(names) : undefined;
  const versions = tags.versions(names, need);
  if (!(versions instanceof Promise) || budget === undefined) return versions;
  if (budget.isSpent) return withoutRedis();
  return budget
    .spend<TagVersions | typeof LATE>(versions, LATE)
    .then((found) => (found === LATE ? withoutRedis() : found));
}
