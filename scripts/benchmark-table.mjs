// Writes the tables of README.md and docs/benchmarks.md, and the figures of other pages of docs/, from
// benchmark/results/bars.json, between their marks.
// `--check` writes nothing, and ends with code 1 if a table is not what it would write.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const { parts } = JSON.parse(readFileSync(join(root, 'benchmark/results/bars.json'), 'utf8'));
const lines = Object.entries(parts).flatMap(([part, one]) =>
  one.lines.map((line) => ({ ...line, part, measuredAt: one.measuredAt })),
);

/** The rows of the README: how a bar is called there, and by what its name begins. */
const SHORT = [
  ['request without Redis, p99', 'a request without Redis, p99'],
  ['frozen: requests a second ÷ bentocache', 'hang: requests a second ÷'],
  ['slowest request', 'hang: slowest'],
  ['Redis hit ÷ node-redis without its timer', 'hit from Redis ×64 ÷ node-redis without'],
  ['memory hit ÷ `JSON.parse` in lru-cache', 'memory hit, 200 B'],
];

/** Three figures that matter. */
function figure(value) {
  if (!Number.isFinite(value)) return 'never';
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(value).toLocaleString('en-US');
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}

function measured({ summary, unit }) {
  if (!summary) return '–';
  const spread =
    Number.isFinite(summary.spread) && summary.spread > 0 ? ` ± ${figure(summary.spread)}` : '';
  return `${figure(summary.median)}${unit}${spread}`;
}

/** When and where, and how busy the machine was with other programs. */
function circumstances(isShort) {
  const all = Object.values(parts);
  const [first] = all;
  if (first === undefined) return '';
  const days = [...new Set(all.map(({ measuredAt }) => measuredAt.slice(0, 10)))].sort();
  const loads = all.map(({ machine }) => Number(machine.load)).sort((a, b) => a - b);
  const { cpu, cores, node, redis } = first.machine;
  const load = [...new Set([loads[0], loads.at(-1)])].map(figure).join(' to ');
  if (isShort) return `${days.join(', ')}, load ${load}.`;
  return `Measured on ${days.join(' and ')}: ${cpu}, ${cores} virtual cores, Node ${node}, Redis ${redis}. Other programs ran at the same time: the load of the machine was ${load} when the parts began.`;
}

function find(start) {
  const exact = lines.find(({ what }) => what === start);
  return exact ?? lines.find(({ what }) => what.startsWith(start));
}

function shortTable() {
  const rows = SHORT.flatMap(([title, start]) => {
    const line = find(start);
    return line === undefined ? [] : [`| ${title} | ${measured(line)} | ${line.bar} |`];
  });
  return ['| | measured | bar |', '|---|---|---|', ...rows, '', circumstances(true)].join('\n');
}

function longTable() {
  const rows = lines.map((line) => {
    const { what, bar, isMet, part } = line;
    return `| ${part} | ${what} | ${bar} | ${measured(line)} | ${isMet} |`;
  });
  return ['| part | what | the bar | measured | met |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

/** The page with the table between its marks. */
function withTable(text, file, table) {
  const marks = /(<!-- bars -->)[\s\S]*?(<!-- \/bars -->)/;
  if (!marks.test(text)) throw new Error(`${file} has no marks for the table`);
  return text.replace(marks, (_, begin, end) => `${begin}\n\n${table}\n\n${end}`);
}

/** The page with what parts of the benchmark say of themselves. What no full run has made stays as it is. */
function withTexts(text, file) {
  const marks = /(<!-- bench: ([\w-]+)\/([\w-]+) -->)[\s\S]*?(<!-- \/bench -->)/g;
  if (!marks.test(text)) throw new Error(`${file} has no marks for figures`);
  return text.replace(marks, (found, begin, part, name, end) => {
    const made = parts[part]?.texts?.[name];
    return made === undefined ? found : `${begin}\n\n${made}\n\n${end}`;
  });
}

const isCheck = process.argv.includes('--check');
for (const [file, change] of [
  ['README.md', (text) => withTable(text, 'README.md', shortTable())],
  ['docs/benchmarks.md', (text) => withTable(text, 'docs/benchmarks.md', longTable())],
  ['docs/freshness.md', (text) => withTexts(text, 'docs/freshness.md')],
  ['docs/warming.md', (text) => withTexts(text, 'docs/warming.md')],
]) {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  const made = change(text);
  if (made === text) continue;
  if (isCheck) {
    process.stderr.write(
      `${file} is not made of benchmark/results/bars.json: run node scripts/benchmark-table.mjs\n`,
    );
    process.exitCode = 1;
  } else writeFileSync(path, made);
}
