// How soon a change reaches the CDN: from the call to the purge's arrival at an edge that answers at once.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { type BarLine, told } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, progress, say, table } from '../lib/report.js';
import { type Percentiles, percentiles, summarise } from '../lib/stats.js';
import { now, sleep } from '../lib/time.js';
import { library } from '../subjects/ours.js';

type HttpCache = typeof import('../../lib/http-cache.js');

/** Fewer a second than Varnish's adapter may send, so that no purge waits for its turn. */
const APART_MS = 20;
/** As many at once, which is more than the adapter sends one by one. */
const BURST = 1_000;
const LONGEST_MS = 30_000;

interface Burst {
  /** Until the last of its tags was purged. */
  readonly ms: number;
  readonly requests: number;
}

export async function edge(options: Options): Promise<Result> {
  const redis = await startRedis();
  // The edge has names of its own for tags, each another one.
  const purged = new Set<string>();
  let [requests, arrivedAt] = [0, 0];
  const server = createServer((req, res) => {
    [requests, arrivedAt] = [requests + 1, now()];
    for (const name of String(req.headers['surrogate-key'] ?? '').split(' ')) purged.add(name);
    res.end();
  });
  const { createCache } = await library();
  const url = `http://127.0.0.1:${await listen(server)}`;
  const cache = createCache({
    redis: redis.url,
    logger: false,
    edge: httpCache().varnish({ url }),
  });
  try {
    await cache.get('nothing');
    progress('edge: one purge after the other');
    const took: number[] = [];
    for (let i = 0; i < (options.quick ? 50 : 300); i++) {
      const [startedAt, before] = [now(), requests];
      await cache.invalidateTags([`one-${i}`]);
      await until(() => requests > before);
      took.push(arrivedAt - startedAt);
      await sleep(APART_MS);
    }
    progress('edge: many at once');
    const burst = await burstOf(cache, purged, () => requests);
    return report(percentiles(took), burst);
  } finally {
    await cache.close();
    server.close();
    await redis.stop();
  }
}

/** The entry beside the one that BENCH_SUBJECT names. */
function httpCache(): HttpCache {
  const root = resolve(process.env.BENCH_SUBJECT ?? 'dist/index.js');
  return require(resolve(root, '../http-cache.js')) as HttpCache;
}

async function burstOf(
  cache: { invalidateTags(tags: readonly string[]): Promise<unknown> },
  purged: ReadonlySet<string>,
  requests: () => number,
): Promise<Burst> {
  const tags = Array.from({ length: BURST }, (_, i) => `many-${i}`);
  const [before, named, startedAt] = [requests(), purged.size, now()];
  await Promise.all(tags.map((tag) => cache.invalidateTags([tag])));
  await until(() => purged.size - named >= BURST);
  return { ms: now() - startedAt, requests: requests() - before };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function until(isDone: () => boolean): Promise<void> {
  const startedAt = now();
  while (!isDone()) {
    if (now() - startedAt > LONGEST_MS) throw new Error('a purge did not arrive');
    await sleep(1);
  }
}

function report(one: Percentiles, burst: Burst): Result {
  say('\n### From the change to the purge at the edge\n');
  table(
    ['', 'median ms', 'p99 ms', 'slowest ms'],
    [['one tag after the other', figure(one.p50), figure(one.p99), figure(one.max)]],
  );
  const { ms, requests } = burst;
  say(`${BURST} tags at once: all purged after ${figure(ms)} ms, with ${requests} requests\n`);
  const lines: BarLine[] = [
    told('edge: from the change to the purge, p99', summarise([one.p99]), ' ms'),
    told(`edge: requests to purge ${BURST} tags at once`, summarise([requests]), ''),
  ];
  return { figures: { one, burst }, lines };
}
