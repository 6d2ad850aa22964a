/*
 * Mutates the pure files with StrykerJS and runs for each mutant the unit tests of the file's mirrored folder.
 *
 *     npm run test:stryker                        all files of files.mjs
 *     npm run test:stryker -- backoff report      those whose path contains one of the words
 *     npm run test:stryker -- --survivors         shows each mutant that no test notices
 *
 * It works on the compiled code with the command runner, because its runner for Mocha does not know Mocha 12. Fails
 * when a file has a lower score than files.mjs wants.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILES, LEAST_SCORE } from './files.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(dirname(HERE));
const LIB = '.build/lib';
const WORK = '.cache/stryker';

/** What the compiler writes before the code itself. */
const PROLOGUE = /^(?:"use strict"|Object\.defineProperty\(exports|exports\.|const .* = require\()/;

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const showsSurvivors = process.argv.includes('--survivors');
process.chdir(ROOT);
rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });

const { files, missing } = filesToMutate();
for (const name of missing)
  console.error(`There is no ${LIB}/${name}: mend scripts/stryker/files.mjs.`);
const results = [...byFolder(files)].flatMap(([folder, group]) => mutate(folder, group));
print(results);
const low = results.filter(({ score }) => !(score >= LEAST_SCORE));
process.exitCode = low.length > 0 || missing.length > 0 || results.length === 0 ? 1 : 0;

function filesToMutate() {
  const found = new Map(FILES.map((name) => [name, matching(LIB, name)]));
  const isChosen = (path) => words.length === 0 || words.some((word) => path.includes(word));
  const isWanted = (name) => words.length === 0 || words.some((word) => name.includes(word));
  return {
    files: [...found.values()].flat().filter(isChosen),
    missing: [...found]
      .filter(([name, paths]) => paths.length === 0 && isWanted(name))
      .map(([name]) => name),
  };
}

/** The files of a folder below `root` that the pattern names, as paths from there. */
function matching(root, pattern) {
  const folder = dirname(pattern);
  const name = new RegExp(`^${basename(pattern).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((file) => name.test(file))
    .map((file) => `${folder}/${file}`);
}

function byFolder(names) {
  const groups = new Map();
  for (const name of names) groups.set(dirname(name), [...(groups.get(dirname(name)) ?? []), name]);
  return groups;
}

/** One run of Stryker for the files of a folder, because their tests are the same. */
function mutate(folder, names) {
  const id = folder.replaceAll('/', '-');
  const report = join(WORK, `${id}.report.json`);
  const config = join(WORK, `${id}.json`);
  const tests = matching('.build/test', `${folder}/*.test.js`)
    .filter((path) => !path.endsWith('.real.test.js'))
    .map((path) => join('.build/test', path));
  if (tests.length === 0)
    return names.map((name) => ({ name, failed: `no test in test/${folder}` }));
  const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
  const command = `node "${mocha}" --no-config --bail --reporter min ${tests.join(' ')}`;
  writeFileSync(config, JSON.stringify(configOf(names, command, report)));
  const stryker = join(HERE, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const { status } = spawnSync(process.execPath, [stryker, 'run', config], { stdio: 'inherit' });
  if (status !== 0) return names.map((name) => ({ name, failed: 'Stryker failed' }));
  const { files: mutated } = JSON.parse(readFileSync(report, 'utf8'));
  return names.map((name) => scoreOf(name, mutated[`${LIB}/${name}`]?.mutants ?? []));
}

function configOf(names, command, report) {
  return {
    mutate: names.map((name) => `${LIB}/${name}:${rangeOf(name)}`),
    testRunner: 'command',
    commandRunner: { command },
    coverageAnalysis: 'off',
    // The copy has the compiled code alone.
    ignorePatterns: ['**', '!.build/**', '!package.json', '!docs/degradation.md'],
    tempDirName: join(WORK, 'tmp'),
    // The copy lies inside the repository, and so finds the installed packages.
    symlinkNodeModules: false,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    thresholds: { high: LEAST_SCORE, low: LEAST_SCORE, break: null },
    concurrency: 2,
    timeoutMS: 10_000,
    allowConsoleColors: false,
  };
}

/** The lines of a file after what every compiled file begins with. */
function rangeOf(name) {
  const lines = readFileSync(join(LIB, name), 'utf8').split('\n');
  const first = lines.findIndex((line) => !PROLOGUE.test(line)) + 1;
  return `${first}-${lines.length}`;
}

function scoreOf(name, mutants) {
  const count = (...states) => mutants.filter(({ status }) => states.includes(status)).length;
  const killed = count('Killed', 'Timeout');
  const survivors = mutants.filter(({ status }) => ['Survived', 'NoCoverage'].includes(status));
  const counted = killed + survivors.length;
  return {
    name,
    killed,
    survivors,
    counted,
    score: counted === 0 ? 100 : (killed / counted) * 100,
  };
}

function print(rows) {
  console.log('\n| file | mutants | killed | survived | score |\n| --- | --- | --- | --- | --- |');
  for (const { name, failed, counted, killed, survivors, score } of rows) {
    const cells = failed ?? `${counted} | ${killed} | ${survivors.length} | ${score.toFixed(1)} %`;
    console.log(`| ${name} | ${cells} |`);
  }
  if (!showsSurvivors) return;
  for (const { name, survivors = [] } of rows) {
    for (const { location, mutatorName, replacement } of survivors) {
      console.log(`${LIB}/${name}:${location.start.line} ${mutatorName}: ${replacement}`);
    }
  }
}
