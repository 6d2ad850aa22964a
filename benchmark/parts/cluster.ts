// A hit from a Redis Cluster of three, beside one from a single Redis.

import { Cluster } from '../../test/support/many/cluster.js';
import { atLeast, judge } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, say, spread, table } from '../lib/report.js';
import { interleaved } from '../lib/rounds.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { summarise } from '../lib/stats.js';
import type { HotOperations } from '../workers/hot.js';

const NAMES = ['ours', 'ours (cluster)'] as const;
type Name = (typeof NAMES)[number];

export async function cluster(options: Options): Promise<Result> {
  const rounds = options.repeat ?? (options.quick ? 3 : 7);
  const single = await startRedis();
  const many = await Cluster.start({ replicas: 0 });
  const workers = new Map<Name, Worker<HotOperations>>();
  try {
    for (const name of NAMES) {
      const worker = startWorker<HotOperations>('hot', { env: { BENCH_CLUSTER: many.url } });
      workers.set(name, worker);
      await worker.call('open', { name, port: single.port, memoryMax: 1 });
      await worker.call('fill', { size: 200 });
      await worker.call('warmUp', { size: 200, concurrency: 64 });
    }
    const samples = await interleaved('cluster: hits, 64 at once', NAMES, rounds, (name) => {
      const worker = workers.get(name) as Worker<HotOperations>;
      return worker.call('run', { kind: 'hit', size: 200, concurrency: 64, ms: 200 });
    });
    const base = samples.get('ours') ?? [];
    const figures = [...samples].map(([name, list]) => ({
      name,
      perSecond: summarise(list.map((one) => one.perSecond)),
      ratio: summarise(list.map((one, i) => one.perSecond / (base[i]?.perSecond ?? Number.NaN))),
    }));
    say('\n### Hit from a cluster of three on one machine: 200 B, 64 at once\n');
    table(
      ['subject', 'a second', '÷ a single Redis'],
      figures.map(({ name, perSecond, ratio }) => [
        ...[name, figure(perSecond.median), spread(ratio)],
      ]),
    );
    const own = figures.find(({ name }) => name === 'ours (cluster)')?.ratio;
    const what = 'hit from a cluster of three ÷ a single Redis, 64 at once';
    return { figures: { hits: figures }, lines: [judge(what, atLeast(0.5), own)] };
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
    await many.stop();
    await single.stop();
  }
}
