// One program in a fresh process: how long it takes to load, and what it leaves on the heap. Prints JSON and ends.

import { resolve } from 'node:path';

export interface StartSample {
  readonly ms: number;
  readonly cpuMs: number;
  readonly heapMb: number;
  readonly rssMb: number;
}

const URL = 'redis://127.0.0.1:9';
const root = resolve(process.env.BENCH_SUBJECT ?? 'dist/index.js');

/** What each name loads. Those that connect do so in the background, and nobody waits for them. */
const PROGRAMS: Readonly<Record<string, () => unknown>> = {
  import: () => require(root),
  'first cache': () => {
    const { createCache } = require(root) as typeof import('../../lib/index.js');
    return createCache({ redis: URL, logger: false });
  },
  health: () => require(resolve(root, '../health.js')),
  redis: () => require('redis'),
  async bentocache() {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const { redisDriver } = await import('bentocache/drivers/redis');
    const { Redis } = await import('ioredis');
    const connection = new Redis({ host: '127.0.0.1', port: 9 });
    connection.on('error', () => {});
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: 100 }));
    return new BentoCache({
      default: 'all',
      stores: { all: memory.useL2Layer(redisDriver({ connection })) },
    });
  },
};

async function main(): Promise<void> {
  const load = PROGRAMS[process.argv[2] ?? ''];
  if (load === undefined) throw new Error(`no program '${process.argv[2]}'`);
  globalThis.gc?.();
  const before = process.memoryUsage();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const loaded = await load();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const sample: StartSample = {
    ms,
    cpuMs: (user + system) / 1_000,
    heapMb: (after.heapUsed - before.heapUsed) / 1e6,
    rssMb: (after.rss - before.rss) / 1e6,
  };
  process.stdout.write(JSON.stringify({ ...sample, isLoaded: loaded !== undefined }));
  process.exit(0);
}

main();
