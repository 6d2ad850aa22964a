// What a cached answer costs the process that sends it: whole responses, and `send` of a large value.

import { atLeast, type BarLine, judge } from '../../lib/bars.js';
import type { Options, Result } from '../../lib/part.js';
import { startRedis } from '../../lib/redis.js';
import { figure, say, spread, table } from '../../lib/report.js';
import { interleaved } from '../../lib/rounds.js';
import { startWorker, type Worker } from '../../lib/rpc.js';
import { type Summary, summarise } from '../../lib/stats.js';
import { sleep } from '../../lib/time.js';
import type { AnswersOperations } from '../../workers/answers.js';
import type { HttpLoadOperations } from '../../workers/http-load.js';
import { CASES, type Case, type Figures, type Measured, SEND } from './cases.js';

const CONNECTIONS = 16;

interface Sample {
  readonly perSecond: number;
  readonly cpuUs: number;
}

interface App {
  readonly worker: Worker<AnswersOperations>;
  readonly port: number;
}

export async function responses(options: Options): Promise<Result> {
  const rounds = options.repeat ?? (options.quick ? 3 : 9);
  const plan = { rounds, requests: options.quick ? 64 : 1_024 };
  const redis = await startRedis();
  const load = startWorker<HttpLoadOperations>('http-load');
  try {
    const measured: Measured[] = [];
    for (const one of CASES) {
      await redis.command('FLUSHALL');
      const results = await measure(one, { redisPort: redis.port, load, plan });
      measured.push({ ...one, results });
      print({ ...one, results });
    }
    return { figures: { measured }, lines: bars(measured) };
  } finally {
    await load.stop();
    await redis.stop();
  }
}

/** So many requests in each round: what a busy machine takes longer for, it does not do less of. */
interface Plan {
  readonly rounds: number;
  readonly requests: number;
}

interface Bench {
  readonly redisPort: number;
  readonly load: Worker<HttpLoadOperations>;
  readonly plan: Plan;
}

async function measure(one: Case, { redisPort, load, plan }: Bench): Promise<Figures[]> {
  const apps = new Map<string, App>();
  try {
    for (const { name, way, mode } of one.subjects) {
      const worker = startWorker<AnswersOperations>('answers');
      const { bytes, isTable } = one;
      const port = mode === 'Redis' ? redisPort : 0;
      apps.set(name, { worker, port: await worker.call('start', { way, bytes, isTable, port }) });
    }
    // Until they are connected.
    await sleep(500);
    const names = [...apps.keys()];
    const samples = await interleaved(`response cache: ${one.title}`, names, plan.rounds, (name) =>
      sample(apps.get(name) as App, load, plan.requests),
    );
    return one.subjects.map((subject) =>
      compare(samples, { ...subject, base: one.baseOf(subject), peer: one.peerOf?.(subject) }),
    );
  } finally {
    await Promise.all([...apps.values()].map(({ worker }) => worker.stop()));
  }
}

async function sample(
  { worker, port }: App,
  load: Worker<HttpLoadOperations>,
  requests: number,
): Promise<Sample> {
  const before = await worker.call('cpu');
  const connections = CONNECTIONS;
  const perSecond = await load.call('send', { port, path: '/', connections, requests });
  const cpuUs = ((await worker.call('cpu')) - before) / requests;
  return { perSecond, cpuUs };
}

function compare(
  samples: ReadonlyMap<string, readonly Sample[]>,
  { name, base, peer }: Pick<Figures, 'name' | 'base'> & { readonly peer: string | undefined },
): Figures {
  const own = samples.get(name) ?? [];
  const than = (other: string): Summary =>
    summarise(own.map((each, i) => (samples.get(other)?.[i]?.cpuUs ?? Number.NaN) / each.cpuUs));
  return {
    name,
    base,
    perSecond: summarise(own.map((each) => each.perSecond)),
    cpuUs: summarise(own.map((each) => each.cpuUs)),
    faster: than(base),
    thanPeer: peer === undefined ? undefined : than(peer),
  };
}

function print({ title, results }: Measured): void {
  say(`\n### ${title}, ${CONNECTIONS} connections\n`);
  const rows = results.map(({ name, base, perSecond, cpuUs, faster, thanPeer }) => [
    ...[name, figure(perSecond.median), spread(cpuUs), name === base ? '1' : spread(faster), base],
    thanPeer === undefined ? '' : spread(thanPeer),
  ]);
  table(['answered by', 'a second', 'CPU µs a request', '× as cheap as', '', '× apicache'], rows);
}

function bars(measured: readonly Measured[]): BarLine[] {
  const ofSend = measured.find(({ title }) => title === SEND.title)?.results ?? [];
  const faster = (name: string): Figures['faster'] | undefined =>
    ofSend.find((each) => each.name === name)?.faster;
  const what = (mode: string): string =>
    `send of 100 KiB of rows from ${mode} × as cheap as res.json(await get)`;
  return [
    judge(what('memory'), atLeast(5), faster('send, memory')),
    // Both read 100 KiB from a socket and write them to another, which is most of what is left of it.
    judge(what('Redis'), atLeast(3), faster('send, Redis')),
  ];
}
