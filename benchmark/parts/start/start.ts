// What a process pays before its first request: time to load, and memory. A fresh process for each sample.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { atMost, type BarLine, judge } from '../../lib/bars.js';
import type { Options, Result } from '../../lib/part.js';
import { say, spread, table } from '../../lib/report.js';
import { interleaved } from '../../lib/rounds.js';
import { quantile, type Summary, summarise } from '../../lib/stats.js';
import type { StartSample } from '../../workers/start.js';

const PEER = 'bentocache';
const TITLES = {
  import: 'this package, loaded',
  'first cache': 'this package, loaded, and a cache with its driver',
  health: 'express-cache-health/health, loaded',
  redis: '`redis` alone, loaded',
  [PEER]: 'bentocache with ioredis, loaded, and a cache',
} as const;
type Name = keyof typeof TITLES;
const NAMES = Object.keys(TITLES) as Name[];

/** Whatever else runs on the machine makes a process slower and never quicker, so the low end is what it takes. */
const LOW = 0.25;

interface Figures {
  readonly name: Name;
  readonly ms: Summary;
  /** ÷ the peer: the low ends of all rounds, with the spread of the rounds' ratios. */
  readonly ratio: Summary;
  readonly heapMb: Summary;
  readonly rssMb: Summary;
}

export async function start(options: Options): Promise<Result> {
  const rounds = options.repeat ?? (options.quick ? 5 : 15);
  const samples = await interleaved('start', NAMES, rounds, async (name) => measure(name));
  const figures = NAMES.map((name) => figuresOf(name, samples));
  say('\n### A fresh process: median [lowest–highest]\n');
  table(
    ['what', 'ms', '÷ bentocache, low end', 'heap MB', 'resident MB'],
    figures.map(({ name, ms, ratio, heapMb, rssMb }) => [
      ...[TITLES[name], spread(ms), spread(ratio), spread(heapMb), spread(rssMb)],
    ]),
  );
  return { figures: { start: figures }, lines: bars(figures) };
}

function measure(name: Name): StartSample {
  const program = join(__dirname, '../../workers/start.js');
  const args = ['--expose-gc', program, name];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} did not start: ${stderr}`);
  return JSON.parse(stdout) as StartSample;
}

function figuresOf(name: Name, samples: ReadonlyMap<Name, readonly StartSample[]>): Figures {
  const own = samples.get(name) ?? [];
  const peer = samples.get(PEER) ?? [];
  const rounds = summarise(own.map(({ ms }, i) => ms / (peer[i]?.ms ?? Number.NaN)));
  const low = (list: readonly StartSample[]): number =>
    quantile(
      list.map(({ ms }) => ms),
      LOW,
    );
  return {
    name,
    ms: summarise(own.map(({ ms }) => ms)),
    ratio: { ...rounds, median: low(own) / low(peer) },
    heapMb: summarise(own.map(({ heapMb }) => heapMb)),
    rssMb: summarise(own.map(({ rssMb }) => rssMb)),
  };
}

function bars(figures: readonly Figures[]): BarLine[] {
  const of = (name: Name): Figures | undefined => figures.find((one) => one.name === name);
  const whole = 'start: package, driver and a cache';
  return [
    judge(`${whole}, ms ÷ bentocache with ioredis`, atMost(1.6, '×'), of('first cache')?.ratio),
    judge(`${whole}, heap`, atMost(6, ' MB'), of('first cache')?.heapMb),
    judge('start: the health entry, ms ÷ bentocache', atMost(0.4, '×'), of('health')?.ratio),
  ];
}
