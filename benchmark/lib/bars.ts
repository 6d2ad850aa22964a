// The bars of the project, with the figures just measured beside them.

import { figure, say, table } from './report.js';
import type { Summary } from './stats.js';

export type Direction = 'at most' | 'at least';

export interface Bar {
  readonly direction: Direction;
  readonly limit: number;
  readonly unit?: string;
}

/** One line of the table. */
export interface BarLine {
  readonly what: string;
  readonly bar: string;
  readonly summary: Summary | undefined;
  readonly unit: string;
  readonly isMet: 'yes' | 'within the spread' | 'no' | '–';
}

export const atLeast = (limit: number, unit = '×'): Bar => ({ direction: 'at least', limit, unit });
export const atMost = (limit: number, unit = ''): Bar => ({ direction: 'at most', limit, unit });

/** What a run that failed counts as. */
export const WORST: Readonly<Record<Direction, number>> = {
  'at most': Number.POSITIVE_INFINITY,
  'at least': 0,
};

/**
 * A bar is missed when the figure is beyond it by more than the run-to-run spread. It is also missed when there is
 * no figure, because then the run that was to give it has failed.
 */
export function judge(what: string, bar: Bar, summary: Summary | undefined): BarLine {
  const { direction, limit, unit = '' } = bar;
  const sign = direction === 'at least' ? '≥' : '≤';
  return {
    what,
    bar: `${sign} ${figure(limit)}${unit}`,
    summary,
    unit,
    isMet: isMet(bar, summary),
  };
}

/** A figure that has no bar, for comparison. */
export function told(what: string, summary: Summary | undefined, unit = '×'): BarLine {
  return { what, bar: '–', summary, unit, isMet: '–' };
}

function isMet({ direction, limit }: Bar, summary: Summary | undefined): BarLine['isMet'] {
  if (summary === undefined || !(summary.n > 0) || !Number.isFinite(summary.median)) return 'no';
  const { median, spread, n } = summary;
  const lead = (median - limit) * (direction === 'at least' ? 1 : -1);
  if (lead >= 0) return 'yes';
  // Two repetitions say little about how far they lie apart.
  return n >= 3 && Number.isFinite(spread) && lead + spread >= 0 ? 'within the spread' : 'no';
}

/** A count as a measurement. */
export function sum(values: readonly number[]): Summary {
  const total = values.reduce((a, b) => a + b, 0);
  return {
    median: total,
    min: total,
    max: total,
    q1: total,
    q3: total,
    spread: 0,
    n: values.length,
  };
}

/** Prints the table of what was measured, and returns how many bars are missed. */
export function printBars(lines: readonly BarLine[]): number {
  const missed = lines.filter(({ isMet }) => isMet === 'no').length;
  say('\n## Bars\n');
  const rows = lines.map(({ what, bar, summary, unit, isMet }) => [
    what,
    bar,
    measured(summary, unit),
    summary && Number.isFinite(summary.spread) ? `± ${figure(summary.spread)}` : '–',
    isMet,
  ]);
  table(['what', 'the bar', 'measured', 'spread', 'met'], rows);
  say(
    missed === 0 ? 'Every bar measured is met.' : `${missed} of ${lines.length} bars are missed.`,
  );
  return missed;
}

function measured(summary: Summary | undefined, unit: string): string {
  if (summary === undefined || summary.n === 0) return '–';
  return Number.isFinite(summary.median) ? `${figure(summary.median)}${unit}` : 'never';
}
