// Progress on stderr, tables on stdout.

import type { Summary } from './stats.js';

export type Cell = string | number | null | undefined;

const startedAt = Date.now();
let isLineOpen = false;

/** One line that is overwritten on a terminal, and written out elsewhere. */
export function progress(text: string): void {
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  const line = `[${String(seconds).padStart(4)} s] ${text}`;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[2K${line.slice(0, process.stderr.columns ?? 120)}`);
    isLineOpen = true;
  } else process.stderr.write(`${line}\n`);
}

export function say(text = ''): void {
  if (isLineOpen) process.stderr.write('\r\x1b[2K');
  isLineOpen = false;
  process.stdout.write(`${text}\n`);
}

/** Prints a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  say(`${tableText(head, rows)}\n`);
}

/** A Markdown table, aligned so that it can be read as it is. */
export function tableText(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => String(cell ?? '–')));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
}

/** Three figures that matter. */
export function figure(value: number | null | undefined): string {
  if (value === undefined || value === null || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return 'never';
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(value).toLocaleString('en-US');
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** A summary as `median [min–max]`. */
export function spread({ median, min, max, n }: Summary, unit = ''): string {
  if (n === 0) return '–';
  return `${figure(median)}${unit} [${figure(min)}–${figure(max)}]`;
}

/** A summary as `median [first quartile–third quartile]`. */
export function quartiles({ median, q1, q3, n }: Summary, unit = ''): string {
  if (n === 0) return '–';
  return `${figure(median)}${unit} [${figure(q1)}–${figure(q3)}]`;
}

/** The first line of what an error says. */
export function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
}
