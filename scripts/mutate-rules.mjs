// Breaks each alert rule in every way that its text offers (thresholds, comparisons, durations, windows, labels,
// joins, guards, severities), and checks that the unit tests of the rules notice each one.
//
//   node scripts/mutate-rules.mjs              ends with 1 if a mutation is not noticed
//   node scripts/mutate-rules.mjs CacheDown    mutates the rules whose name contains the word
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePromtool } from './prometheus.mjs';

const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), 'monitoring');
const RULES = readFileSync(join(FOLDER, 'alerts.yml'), 'utf8');
const TESTS = readFileSync(join(FOLDER, 'alerts.test.yml'), 'utf8');
const AT_ONCE = 2;

/** The rules with their place in the text. */
function rules() {
  const starts = [...RULES.matchAll(/^ {6}- (?:alert|record): (\S+)$/gm)];
  return starts.map((match, i) => {
    const end = starts[i + 1]?.index ?? RULES.length;
    return { name: match[1], start: match.index, text: RULES.slice(match.index, end) };
  });
}

/** Each match of a pattern replaced in turn: `[what, text]`. `change` returns texts, or undefined to skip. */
function each(text, pattern, change) {
  return [...text.matchAll(pattern)].flatMap((match) =>
    (change(...match) ?? []).map((to) => [
      `${match[0]} -> ${to === '' ? 'nothing' : to}`,
      text.slice(0, match.index) + to + text.slice(match.index + match[0].length),
    ]),
  );
}

/** Every word of a list in turn taken out. */
function without(list, separator) {
  const words = list.split(separator);
  return words.map((_, i) => words.filter((__, j) => j !== i).join(separator));
}

function mutationsOfExpression(expr) {
  return [
    // Thresholds, and comparisons the other way round.
    ...each(expr, /(>|<|==) (\d+(?:\.\d+)?)(?!\w)/g, (_, operator, number) =>
      number === '0'
        ? [`${operator} 1`, `${operator}= 0`.replace('===', '!=')]
        : [`${operator} ${Number(number) * 0.7}`, `${operator} ${Number(number) * 1.4}`],
    ),
    ...each(expr, / (>|<|==) /g, (_, operator) => [
      { '>': ' < ', '<': ' > ', '==': ' != ' }[operator],
    ]),
    // Labels.
    ...each(expr, /\{([^}]*)\}/g, () => ['']),
    ...each(expr, /"([^"]*\|[^"]*)"/g, (_, words) =>
      without(words, '|').map((left) => `"${left}"`),
    ),
    // Joins and sums.
    ...each(expr, /\b(by|on) \(([^)]*)\)/g, (_, word, labels) =>
      without(labels, ', ').map((left) => `${word} (${left})`),
    ),
    // Guards.
    ...each(expr, / and .*$/g, () => ['']),
    ...each(expr, /\((\S+|sum .*\)) > [\d.]+\)/g, (_, guarded) => [`(${guarded})`]),
    // Windows that decide how long an event is news.
    ...each(
      expr,
      /(increase|last_over_time)\(([^[]*)\[(\d+)(\w)\]\)/g,
      (_, call, what, time, unit) => {
        const [half, twice] =
          unit === 'h'
            ? ['30m', '2h']
            : [`${time / 2}`.replace(/(\d+)\.5/, '$1') + unit, `${time * 2}${unit}`];
        return [half, twice].map((window) => `${call}(${what}[${window}])`);
      },
    ),
    ...each(expr, /^60 \* /g, () => ['']),
    ...each(expr, /0\.99, /g, () => ['0.5, ']),
  ];
}

function mutationsOf({ text }) {
  const [line, expr] = /^ {8}expr: (.*)$/m.exec(text);
  const found = mutationsOfExpression(expr).map(([what, mutated]) => [
    what,
    text.replace(line, () => `        expr: ${mutated}`),
  ]);
  const durations = each(text, /^ {8}(for|keep_firing_for): (\d+)m\n/gm, (_, field, minutes) => [
    '',
    `        ${field}: ${minutes * 30}s\n`,
    `        ${field}: ${minutes * 2}m\n`,
  ]);
  const severities = each(text, /severity: \w+/g, () => ['severity: nobody']);
  return [...found, ...durations, ...severities].map(([what, mutated]) => [what.trim(), mutated]);
}

/** Whether a rule is a recording, or reads one: then it is tested together with all of them. */
function needsRecordings({ name, text }) {
  return name.includes(':') || text.includes('cache:express');
}

/** The rules that the mutated one needs. Fewer rules are tested faster. */
function rulesWith(rule, mutated) {
  const whole = RULES.slice(0, rule.start) + mutated + RULES.slice(rule.start + rule.text.length);
  if (needsRecordings(rule)) return whole;
  const [head] = RULES.split(/^ {2}- name: /m, 1);
  return `${head}  - name: mutated\n    interval: 30s\n    rules:\n${mutated}`;
}

/** The tests that look at the rule, and of each the parts that do. */
function testsFor(rule) {
  const cases = TESTS.split(/^(?= {2}- name: )/m);
  const [head] = cases.splice(0, 1);
  const isWanted = (entry) =>
    needsRecordings(rule)
      ? /HitRate|cache:express/.test(entry)
      : entry.includes(`alertname: ${rule.name}\n`) || entry.includes(`alertname: ${rule.name} }`);
  return head + cases.map((text) => partsOf(text, isWanted)).join('');
}

function partsOf(text, isWanted) {
  const [input, ...checks] = text.split(/^(?= {4}(?:promql_expr_test|alert_rule_test):)/m);
  const kept = checks.flatMap((check) => {
    const [title, ...entries] = check.split(/^(?= {6}- )/m);
    const wanted = entries.filter(isWanted);
    return wanted.length === 0 ? [] : [title + wanted.join('')];
  });
  return kept.length === 0 ? '' : input + kept.join('');
}

function isNoticed(rulesText, testsText) {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  writeFileSync(join(folder, 'alerts.yml'), rulesText);
  writeFileSync(join(folder, 'alerts.test.yml'), testsText);
  return new Promise((resolve) => {
    execFile(ensurePromtool(), ['test', 'rules', join(folder, 'alerts.test.yml')], (error) => {
      rmSync(folder, { recursive: true });
      resolve(error !== null);
    });
  });
}

const wanted = process.argv[2] ?? '';
const all = rules()
  .filter(({ name }) => name.includes(wanted))
  .flatMap((rule) => mutationsOf(rule).map(([what, text]) => ({ rule, what, text })));
if (await isNoticed(RULES, TESTS)) {
  console.error(
    'The tests of the rules fail without any mutation: promtool test rules monitoring/alerts.test.yml',
  );
  process.exit(1);
}
for (const rule of rules()) {
  if (await isNoticed(rulesWith(rule, rule.text), testsFor(rule))) {
    console.error(`The tests of ${rule.name} alone fail without any mutation.`);
    process.exit(1);
  }
}
const survivors = [];
const queue = [...all];
async function work() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { rule, what, text } = next;
    if (!(await isNoticed(rulesWith(rule, text), testsFor(rule))))
      survivors.push(`${rule.name}: ${what}`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
for (const survivor of survivors) console.error(`not noticed: ${survivor}`);
console.log(
  `${all.length - survivors.length} of ${all.length} mutations of the rules were noticed.`,
);
process.exit(survivors.length === 0 && all.length > 0 ? 0 : 1);
