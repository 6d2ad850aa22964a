import type { GroupFreshness } from '../../api/freshness.js';
import { formatDuration } from '../../core/time/duration.js';
import { LEAST_CHANGES, LEAST_RELOADS } from './learning/choice.js';
import type { Survey } from './learning/survey.js';

type Facts = Omit<GroupFreshness, 'advice'>;

/** What to do about the lifetimes of a group, in a sentence or two. */
export function adviceOf(facts: Facts, survey: Survey): string {
  const { state, target, changes } = facts;
  const wanted = percent(target);
  if (state === 'reverted') {
    return `Audits found more than ${wanted} stale with learned lifetimes three times, so yours are back for a while. Delete keys when their data changes.`;
  }
  switch (survey.choice.verdict) {
    case 'waits':
      return `Wait: ${changes.reloads} loads of known keys showed ${changes.changed} changes. At least ${LEAST_RELOADS} and ${LEAST_CHANGES} are needed.`;
    case 'keeps':
      return `No evidence of benefit: your ttl keeps ${wanted}, and nothing that is allowed saves a tenth of its loads.`;
    case 'misses':
      return `No lifetime from a quarter of your ttl on keeps ${wanted}, so yours stays. Delete keys when their data changes, or give a ttl below ${formatDuration(shortest(survey))}.`;
    case 'learned':
      return `${better(facts, survey)}: ${compared(survey)}, by simulation.`;
  }
}

function better({ state, group, target }: Facts, { choice: best, ttlMs }: Survey): string {
  if (state === 'learned') return 'Learned lifetimes are in use';
  if (best.tilt === 'none')
    return `Give a ttl of ${formatDuration(Math.round(best.factor * ttlMs))}`;
  return `Let the cache learn a lifetime for each key, with freshness: { targets: { '${group}': ${target} } }`;
}

/** The loads and stale reads of the better lifetimes, and of the user's own. */
function compared({ choice: best, fixed }: Survey): string {
  const own = fixed.find(({ factor }) => factor === 1) ?? best;
  const saved = Math.round(100 * (1 - best.loadsPerRead / own.loadsPerRead));
  const loads = saved >= 0 ? `${saved} % fewer loads` : `${-saved} % more loads`;
  return `${loads} and ${percent(best.stale.value)} stale, where your ttl has ${percent(own.stale.value)}`;
}

function shortest({ fixed, ttlMs }: Survey): number {
  return Math.max(1, Math.round((fixed[0]?.factor ?? 1) * ttlMs));
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
