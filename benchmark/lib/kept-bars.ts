// The bars of the last full runs, part by part, which the repository keeps.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BarLine } from './bars.js';

export const FILE = 'bars.json';
const PATH = join('benchmark/results', FILE);

/** One part, as it was measured last. */
export interface PartBars {
  readonly measuredAt: string;
  readonly machine: object;
  readonly lines: readonly BarLine[];
  /** What pages of `docs/` show of it, by name. */
  readonly texts?: Readonly<Record<string, string>>;
}

export type KeptBars = Readonly<Record<string, PartBars>>;

export function readKept(): KeptBars {
  try {
    return (JSON.parse(readFileSync(PATH, 'utf8')) as { readonly parts: KeptBars }).parts;
  } catch {
    return {};
  }
}

/** The bars of parts that were not measured now. */
export function linesOfOthers(
  kept: KeptBars,
  order: readonly string[],
  measured: readonly string[],
): readonly BarLine[] {
  return order
    .filter((name) => !measured.includes(name))
    .flatMap((name) => {
      const { measuredAt, lines } = kept[name] ?? { measuredAt: '', lines: [] };
      const when = measuredAt.slice(0, 10);
      return lines.map((line) => ({ ...line, what: `${line.what} (last full run, ${when})` }));
    });
}
