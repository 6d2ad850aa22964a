// What a hit costs under Express: processor time a request, and whose it is.

import { atMost, type BarLine, judge, told } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, progress, say, spread, table } from '../lib/report.js';
import { interleaved } from '../lib/rounds.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { type Summary, summarise } from '../lib/stats.js';
import { sleep } from '../lib/time.js';
import type { HttpOperations } from '../workers/http.js';
import type { HttpLoadOperations } from '../workers/http-load.js';

const KINDS = ['driver', 'cached'] as const;
type Kind = (typeof KINDS)[number];
const TITLES: Readonly<Record<Kind, string>> = {
  driver: 'node-redis without its timer, parsed',
  cached: 'req.cache.getOrSet()',
};
const CONNECTIONS = 64;

const WARM_CPU_MS = 1_500;
const MOST_WARM_UPS = 60;

interface Sample {
  readonly perSecond: number;
  readonly cpuUs: number;
}

interface Figures {
  readonly kind: Kind;
  readonly perSecond: Summary;
  readonly cpuUs: Summary;
  /** ÷ the driver, round by round. */
  readonly ratio: Summary;
}

export async function underExpress(options: Options): Promise<Result> {
  const plan = options.quick ? { rounds: 3, ms: 300 } : { rounds: 9, ms: 800 };
  const redis = await startRedis();
  const load = startWorker<HttpLoadOperations>('http-load');
  const apps = new Map<Kind, { readonly worker: Worker<HttpOperations>; readonly port: number }>();
  try {
    for (const kind of KINDS) {
      const worker = startWorker<HttpOperations>('http');
      apps.set(kind, { worker, port: await worker.call('start', { kind, port: redis.port }) });
    }
    await sleep(300);
    for (const { worker, port } of apps.values()) await warmUp(worker, load, port);
    const rounds = options.repeat ?? plan.rounds;
    const samples = await interleaved('express: requests', KINDS, rounds, async (kind) => {
      const { worker, port } = apps.get(kind) as { worker: Worker<HttpOperations>; port: number };
      return measure(worker, load, { port, ms: plan.ms });
    });
    const figures = KINDS.map((kind) => figuresOf(kind, samples));
    progress('express: profile');
    const { worker, port } = apps.get('cached') as {
      worker: Worker<HttpOperations>;
      port: number;
    };
    const ms = options.quick ? 1_000 : 4_000;
    const profiling = worker.call('profile', { ms });
    await load.call('run', { port, path: '/product/1', connections: CONNECTIONS, ms });
    const share = await profiling;
    print(figures, share);
    return { figures: { hits: figures, share }, lines: bars(figures, share) };
  } finally {
    await Promise.all(
      [load, ...[...apps.values()].map((one) => one.worker)].map((one) => one.stop()),
    );
    await redis.stop();
  }
}

/** Until the code is compiled: a starved process would otherwise be measured before. */
async function warmUp(
  worker: Worker<HttpOperations>,
  load: Worker<HttpLoadOperations>,
  port: number,
): Promise<void> {
  const until = (await worker.call('cpuMs')) + WARM_CPU_MS;
  for (let i = 0; i < MOST_WARM_UPS && (await worker.call('cpuMs')) < until; i++) {
    await load.call('run', { port, path: '/product/1', connections: CONNECTIONS, ms: 300 });
  }
}

async function measure(
  worker: Worker<HttpOperations>,
  load: Worker<HttpLoadOperations>,
  { port, ms }: { readonly port: number; readonly ms: number },
): Promise<Sample> {
  const before = await worker.call('cpuMs');
  const run = { port, path: '/product/1', connections: CONNECTIONS, ms };
  const perSecond = await load.call('run', run);
  const cpuMs = (await worker.call('cpuMs')) - before;
  return { perSecond, cpuUs: (cpuMs * 1_000) / (perSecond * (ms / 1_000)) };
}

function figuresOf(kind: Kind, samples: ReadonlyMap<Kind, readonly Sample[]>): Figures {
  const own = samples.get(kind) ?? [];
  const base = samples.get('driver') ?? [];
  return {
    kind,
    perSecond: summarise(own.map(({ perSecond }) => perSecond)),
    cpuUs: summarise(own.map(({ cpuUs }) => cpuUs)),
    ratio: summarise(own.map(({ cpuUs }, i) => cpuUs / (base[i]?.cpuUs ?? Number.NaN))),
  };
}

function print(figures: readonly Figures[], share: number): void {
  say(`\n### A hit under Express, ${CONNECTIONS} connections\n`);
  table(
    ['', 'requests a second', 'CPU µs a request', '÷ the driver'],
    figures.map(({ kind, perSecond, cpuUs, ratio }) => [
      ...[TITLES[kind], figure(perSecond.median), spread(cpuUs), spread(ratio)],
    ]),
  );
  say(`The package's own share of the busy time, with lru-cache: ${figure(share)} %\n`);
}

function bars(figures: readonly Figures[], share: number): BarLine[] {
  const of = (kind: Kind): Figures | undefined => figures.find((one) => one.kind === kind);
  const what = 'CPU a request under Express ×64 ÷ node-redis without its timer';
  return [
    judge(what, atMost(1.05, '×'), of('cached')?.ratio),
    judge("the package's own share of that profile", atMost(5, ' %'), summarise([share])),
    told('requests a second under Express ×64', of('cached')?.perSecond, ''),
  ];
}
