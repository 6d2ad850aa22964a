// What processes that do nothing cost Redis.

import { atMost, judge } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { cpuMicros, startRedis } from '../lib/redis.js';
import { figure, progress, say, table } from '../lib/report.js';
import { startWorker } from '../lib/rpc.js';
import { type Summary, summarise } from '../lib/stats.js';
import { sleep } from '../lib/time.js';
import type { IdleOperations } from '../workers/idle.js';

/** Caches in each process: what Redis sees is connections, and 50 processes would starve a small machine. */
const CACHES = 10;
const PROCESSES = 5;
/** The fleet of the bar. */
const FLEET = 500;

/** A cache that no one uses rests after two seconds, and then sends something every five. */
const RESTED_MS = 3_000;
const SAMPLE_MS = 5_000;

interface Sample {
  /** The share of a Redis core that the whole fleet would take. */
  readonly percent: number;
  /** Of Redis' processor. */
  readonly microsPerSecond: number;
  readonly commands: number;
}

export async function fleet(options: Options): Promise<Result> {
  const count = options.repeat ?? (options.quick ? 3 : 6);
  const redis = await startRedis();
  const workers = Array.from({ length: PROCESSES }, () => startWorker<IdleOperations>('idle'));
  try {
    progress('fleet: Redis alone');
    const alone = await sample(redis);
    progress('fleet: starting');
    await Promise.all(workers.map((one) => one.call('open', { port: redis.port, count: CACHES })));
    await sleep(RESTED_MS);
    const all: Sample[] = [];
    for (let i = 0; i < count; i++) {
      progress(`fleet: ${i + 1} of ${count}`);
      all.push(await sample(redis, alone.microsPerSecond));
    }
    const modes = (await Promise.all(workers.map((one) => one.call('modes')))).flat();
    if (modes.some((mode) => mode !== 'normal')) throw new Error('an idle cache left normal mode');
    return report(all);
  } finally {
    await Promise.all(workers.map((one) => one.stop()));
    await redis.stop();
  }
}

/** `aloneMicros`: what Redis needs in a second for itself, which a fleet does not multiply. */
async function sample(
  redis: Awaited<ReturnType<typeof startRedis>>,
  aloneMicros = 0,
): Promise<Sample> {
  // What a look at Redis itself costs it.
  const first = await cpuMicros(redis);
  const lookUs = (await cpuMicros(redis)) - first;
  const [before, at] = [await commandsOf(redis), performance.now()];
  const cpu = await cpuMicros(redis);
  await sleep(SAMPLE_MS);
  const us = (await cpuMicros(redis)) - cpu - lookUs;
  const ms = performance.now() - at;
  const share = PROCESSES * CACHES;
  const microsPerSecond = (us / ms) * 1_000;
  return {
    microsPerSecond,
    percent: ((microsPerSecond - aloneMicros) / 10_000) * (FLEET / share),
    commands: ((await commandsOf(redis)) - before) / share / (ms / 1_000),
  };
}

async function commandsOf(redis: Awaited<ReturnType<typeof startRedis>>): Promise<number> {
  const text = String(await redis.command('INFO', 'stats'));
  return Number(/total_commands_processed:(\d+)/.exec(text)?.[1]);
}

function report(all: readonly Sample[]): Result {
  const percent: Summary = summarise(all.map((one) => one.percent));
  const commands = summarise(all.map((one) => one.commands));
  say(`\n### ${PROCESSES * CACHES} idle caches, scaled to ${FLEET}\n`);
  table(
    ['share of a Redis core', 'commands a second and cache'],
    [[`${figure(percent.median)} %`, figure(commands.median)]],
  );
  const what = `${FLEET} idle processes: share of a Redis core`;
  return { figures: { percent, commands }, lines: [judge(what, atMost(1, ' %'), percent)] };
}
