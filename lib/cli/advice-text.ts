import type { GroupFreshness, LifetimeEstimate, ShareEstimate } from '../api/freshness.js';
import { formatDuration } from '../core/time/duration.js';
import type { ProcessAdvice } from './snapshot.js';

/** The report of a process, for a terminal. */
export function adviceText({ name, instance, pid, version, groups }: ProcessAdvice): string {
  const head = `${name} on ${instance}, pid ${pid}, express-cache-health ${version}`;
  // A terminal obeys control characters.
  return plain([head, ...groups.map(groupText)].join('\n\n'));
}

function groupText(group: GroupFreshness): string {
  const { lifetimes, learned, advice } = group;
  const rows = lifetimes.map((each) => {
    const mark = each.factor === 1 ? '*' : ' ';
    return [`${mark} ${formatDuration(each.ttlMs)}`, ...costs(each)];
  });
  if (learned !== null) rows.push(['  learned', ...costs(learned)]);
  const table = rows.length === 0 ? [] : aligned([['  ttl', 'stale', 'loads per read'], ...rows]);
  return [headline(group), ...table, `  ${advice}`].join('\n');
}

function headline({ group, reads, loads, stale, audits, state }: GroupFreshness): string {
  const count = audits.fresh + audits.stale;
  const measured = stale === null ? 'no audits yet' : `${share(stale)} stale by ${count} audits`;
  const load = reads === 0 ? '' : `, ${(loads / reads).toFixed(3)} loads per read`;
  return `${group}  ${Math.round(reads)} reads${load}, ${measured}; ${state}`;
}

function costs({ stale, loadsPerRead }: LifetimeEstimate): readonly string[] {
  return [share(stale), loadsPerRead.toFixed(3)];
}

function share({ value, low, high }: ShareEstimate): string {
  const percent = (part: number): string => (100 * part).toFixed(2);
  return `${percent(value)} % (${percent(low)} – ${percent(high)})`;
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '?');
}
