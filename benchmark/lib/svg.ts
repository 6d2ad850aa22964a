// Pictures, by hand: a line for each subject through time, percentiles side by side, and bars to compare.

import { figure } from './report.js';
import type { Percentiles } from './stats.js';

interface Named {
  readonly name: string;
}

export interface Line extends Named {
  /** Seconds, and a figure. */
  readonly points: readonly (readonly [number, number])[];
}

export type Bar = Named & Percentiles;

/** Each subject has its colour, in every picture the same. */
const COLOURS: Readonly<Record<string, string>> = {
  'ours (1000)': '#0b6e4f',
  ours: '#7fb069',
  'bento-tuned': '#c8553d',
  'cacheable-tuned': '#588b8b',
  naive: '#8d5b9a',
  'naive-tuned': '#d9a21b',
  bento: '#e39b8b',
  'bento-l2-tuned': '#7a2e1f',
  cacheable: '#9cc5c5',
  'cache-manager': '#9fb4d0',
  'cache-manager-tuned': '#3d5a80',
  'async-cache-dedupe': '#d79bb0',
  'async-cache-dedupe-tuned': '#a23b5b',
};
const ORDER = Object.keys(COLOURS);
const place = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

/** Subjects in the order of the legend, whatever order they ran in. */
export const inOrder = <T extends Named>(subjects: readonly T[]): T[] =>
  [...subjects].sort((a, b) => place(a.name) - place(b.name));

const FONT = 'font-family="system-ui, sans-serif" font-size="12"';
const W = 860;
const H = 400;
const PLOT = { left: 70, top: 40, width: 560, height: 300 };

const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const colour = (name: string): string => COLOURS[name] ?? '#555555';

function svg(title: string, body: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" ${FONT}>
<title>${escaped(title)}</title>
<rect width="${W}" height="${H}" fill="#ffffff"/>
<text x="${PLOT.left}" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
${body.join('\n')}
</svg>
`;
}

type Anchor = 'start' | 'middle' | 'end';

function text(x: number, y: number, content: string, anchor: Anchor = 'start'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#333">${escaped(content)}</text>`;
}

/** A step of 1, 2 or 5 times a power of ten that cuts `range` into about `parts`. */
function niceStep(range: number, parts: number): number {
  const rough = range / parts || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
}

function legend(names: readonly string[]): string[] {
  return names.flatMap((name, i) => {
    const y = PLOT.top + 14 + i * 20;
    const x = PLOT.left + PLOT.width + 20;
    return [
      `<rect x="${x}" y="${y - 9}" width="14" height="4" fill="${colour(name)}"/>`,
      text(x + 20, y - 3, name),
    ];
  });
}

export interface LineChart {
  readonly title: string;
  readonly lines: readonly Line[];
  /** The seconds of the fault. */
  readonly span: readonly [number, number];
}

export function lineChart({ title, lines, span }: LineChart): string {
  const all = lines.flatMap((line) => line.points);
  const [minX, maxX] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
  const maxY = Math.max(1, ...all.map(([, y]) => y)) * 1.05;
  const toX = (x: number): number => PLOT.left + ((x - minX) / (maxX - minX)) * PLOT.width;
  const toY = (y: number): number => PLOT.top + PLOT.height * (1 - y / maxY);
  const floor = PLOT.top + PLOT.height;
  const body = [
    `<rect x="${toX(span[0]).toFixed(1)}" y="${PLOT.top}" width="${(toX(span[1]) - toX(span[0])).toFixed(1)}" height="${PLOT.height}" fill="#f7e3df"/>`,
    text(toX(span[0]) + 4, PLOT.top + 14, 'fault'),
  ];
  const stepY = niceStep(maxY, 5);
  for (let y = 0; y <= maxY; y += stepY) {
    body.push(`<path d="M${PLOT.left} ${toY(y).toFixed(1)}h${PLOT.width}" stroke="#ddd"/>`);
    body.push(text(PLOT.left - 8, toY(y) + 4, figure(y), 'end'));
  }
  for (let x = Math.ceil(minX); x <= maxX; x++)
    body.push(text(toX(x), floor + 18, `${x}`, 'middle'));
  body.push(
    text(PLOT.left + PLOT.width / 2, floor + 38, 'seconds since the fault began', 'middle'),
  );
  for (const line of lines) {
    const d = line.points.map(
      ([x, y], n) => `${n ? 'L' : 'M'}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`,
    );
    body.push(
      `<path d="${d.join('')}" fill="none" stroke="${colour(line.name)}" stroke-width="2"/>`,
    );
  }
  return svg(title, [...body, ...legend(lines.map((line) => line.name))]);
}

export interface Lengths {
  readonly title: string;
  readonly bars: readonly (Named & { readonly value: number })[];
  /** The bar that the picture is about. */
  readonly own: string;
}

const NAMES_WIDTH = 270;

/** One bar for each subject, the longest first. */
export function barChart({ title, bars, own }: Lengths): string {
  const sorted = [...bars].sort((a, b) => b.value - a.value);
  const longest = Math.max(1, ...sorted.map(({ value }) => value));
  const step = PLOT.height / sorted.length;
  const body = sorted.flatMap(({ name, value }, i) => {
    const y = PLOT.top + 10 + i * step;
    const width = (value / longest) * (W - NAMES_WIDTH - 120);
    const fill = name === own ? '#0b6e4f' : '#9fb4d0';
    return [
      text(NAMES_WIDTH - 10, y + step / 2 + 1, name, 'end'),
      `<rect x="${NAMES_WIDTH}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${(step * 0.7).toFixed(1)}" fill="${fill}"/>`,
      text(NAMES_WIDTH + width + 8, y + step / 2 + 1, figure(value)),
    ];
  });
  return svg(title, body);
}

const PARTS = ['p50', 'p90', 'p99', 'max'] as const;

/** Logarithmic, because 2 ms and 4 s have to be in one picture. */
export function percentileChart(title: string, bars: readonly Bar[]): string {
  const values = bars.flatMap((bar) => PARTS.map((part) => bar[part])).filter(Number.isFinite);
  const top = Math.ceil(Math.log10(Math.max(10, ...values)));
  const toY = (ms: number): number =>
    PLOT.top + PLOT.height * (1 - Math.log10(Math.max(1, ms)) / top);
  const floor = PLOT.top + PLOT.height;
  const body = [];
  for (let power = 0; power <= top; power++) {
    const y = toY(10 ** power);
    body.push(`<path d="M${PLOT.left} ${y.toFixed(1)}h${PLOT.width}" stroke="#ddd"/>`);
    body.push(text(PLOT.left - 8, y + 4, figure(10 ** power), 'end'));
  }
  const groupWidth = PLOT.width / PARTS.length;
  const barWidth = (groupWidth - 20) / Math.max(1, bars.length);
  PARTS.forEach((part, group) => {
    const left = PLOT.left + group * groupWidth + 10;
    bars.forEach((bar, i) => {
      const y = toY(bar[part]);
      if (!Number.isFinite(y)) return;
      const x = left + i * barWidth;
      body.push(
        `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(barWidth - 1).toFixed(1)}" height="${Math.max(1, floor - y).toFixed(1)}" fill="${colour(bar.name)}"/>`,
      );
    });
    body.push(text(left + (groupWidth - 20) / 2, floor + 18, part, 'middle'));
  });
  return svg(title, [...body, ...legend(bars.map((bar) => bar.name))]);
}
