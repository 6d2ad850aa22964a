// npm run bench [part…] [-- options]. Progress on stderr, tables on stdout, raw JSON and pictures under results/.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { redisProgram } from '../test/support/redis-program.js';
import { type Command, HELP, Misuse, PARTS, parseCommand, USUAL } from './command-line.js';
import { atLeast, judge, printBars } from './lib/bars.js';
import { FILE, linesOfOthers, type PartBars, readKept } from './lib/kept-bars.js';
import type { Options, Part, Result } from './lib/part.js';
import { firstLine, say } from './lib/report.js';

async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2));
  if (command === undefined) return say(HELP);
  const machine = await describeMachine();
  const { cpu, cores, system, node, redis, load } = machine;
  say(`# ${cpu} ×${cores}, ${system}, node ${node}, redis ${redis}, load ${load}\n`);
  const missed = await measure(command, machine);
  // A part that failed leaves workers behind, which would keep this process alive.
  process.exit(missed > 0 ? 1 : 0);
}

async function measure({ parts, options }: Command, machine: Machine): Promise<number> {
  const about = { measuredAt: new Date().toISOString(), options, machine };
  const save = (name: string, content: object): void =>
    write(options, `${name}.json`, asJson({ ...about, ...content }));
  const kept = readKept();
  // Part of a part, or a quick look, replaces no figure that is published.
  const { only, fault, work, rate, duringMs } = options;
  const isWhole = !options.quick && [only, fault, work, rate, duringMs].every(isAbsent);
  const isCalm = options.publish || Number(machine.load) <= machine.cores;
  if (isWhole && !isCalm) say(`${BUSY}\n`);
  const measured: Record<string, PartBars> = {};
  const bars = (name: string, { lines, texts }: Pick<Result, 'lines' | 'texts'>): void => {
    const shown = texts === undefined ? {} : { texts };
    measured[name] = { measuredAt: new Date().toISOString(), machine, lines, ...shown };
    if (isWhole && isCalm)
      write(options, FILE, asJson({ parts: inOrder({ ...kept, ...measured }) }));
  };
  for (const name of parts) {
    say(`\n## ${name}`);
    // A part that fails misses its bars, and costs no other part its figures.
    try {
      const part = PARTS[name] as Part;
      const result = await part(options, (figures) => save(name, figures));
      save(name, result.figures);
      for (const [file, svg] of result.pictures ?? []) write(options, file, svg);
      bars(name, result);
    } catch (error) {
      say(`\nfailed: ${error instanceof Error ? error.stack : error}\n`);
      bars(name, { lines: [judge(`${name}: ${firstLine(error)}`, atLeast(1, ''), undefined)] });
    }
  }
  const lines = Object.values(measured).flatMap((part) => part.lines);
  printBars([...lines, ...linesOfOthers(kept, Object.keys(USUAL), parts)]);
  return lines.filter(({ isMet }) => isMet === 'no').length;
}

const isAbsent = (value: unknown): boolean => value === undefined;

function inOrder(all: Readonly<Record<string, PartBars>>): Record<string, PartBars> {
  const names = Object.keys(USUAL).filter((name) => all[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, all[name] as PartBars]));
}

type Machine = Awaited<ReturnType<typeof describeMachine>>;

const BUSY =
  'The machine is busy with other programs. Starved processes are measured before their code is compiled, so the published bars stay as they are; --publish replaces them all the same.';

async function describeMachine() {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: (await redisProgram()).version,
    load: (loadavg()[0] ?? 0).toFixed(2),
    package: version,
  };
}

function asJson(content: object): string {
  return `${JSON.stringify(content, (_, value) => (value === Infinity ? 'never' : value), 1)}\n`;
}

function write({ quick }: Options, file: string, text: string): void {
  const folder = join('benchmark/results', quick ? 'quick' : '.');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text);
}

main().catch((error) => {
  const isMisuse = error instanceof Misuse || error?.code?.startsWith?.('ERR_PARSE_ARGS');
  process.stderr.write(`\n${isMisuse ? error.message : (error?.stack ?? error)}\n`);
  process.exit(2);
});
