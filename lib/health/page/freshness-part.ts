import type { GroupFreshness, ShareEstimate } from '../../api/freshness.js';
import type { StatusPart } from './status-parts.js';

const COLUMNS = ['group', 'stale reads', 'loads per read', 'lifetimes', 'advice'];

/** The table of what audits and loads have taught; none while no group is watched. */
export function freshnessPart(groups: readonly GroupFreshness[]): readonly StatusPart[] {
  if (groups.length === 0) return [];
  const rows = groups.map(({ group, stale, reads, loads, state, advice }) => [
    ...[group, stale === null ? 'not audited yet' : shareText(stale)],
    ...[reads === 0 ? '–' : (loads / reads).toFixed(3), state, advice],
  ]);
  return [{ title: 'Freshness', columns: COLUMNS, rows }];
}

function shareText({ value, low, high }: ShareEstimate): string {
  const percent = (share: number): string => (100 * share).toFixed(2);
  return `${percent(value)} % (${percent(low)} – ${percent(high)} %)`;
}
