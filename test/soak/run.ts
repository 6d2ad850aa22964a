import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from 'redis';
import { createCache } from '../../lib/cache/create-cache.js';
import type { RedisClientLike } from '../../lib/redis/redis-options.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { RedisServer } from '../support/redis-server.js';

/**
 * Fifteen minutes of a Redis that comes and goes, under traffic: prints heap, handles and listeners, which
 * must not grow. Run it with `npm run test:soak -- --minutes 15`.
 */
const FAULTS = ['kill', 'hang', 'reset', 'blackhole', 'refuse'] as const;
const REPORT_EVERY_MS = 30_000;
/** Values of the first reports are a warm-up. */
const WARM_UP_REPORTS = 4;
/** How much more heap the last reports may have than the first. */
const MOST_GROWTH = 1.5;

interface Sample {
  readonly heapMb: number;
  readonly handles: number;
  readonly listeners: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '15' } } });
  const endAt = performance.now() + Number(values.minutes) * 60_000;
  const server = await RedisServer.start();
  const proxy = await FaultProxy.start(server.port);
  const own = createCache({ redis: proxy.url, prefix: 'own:', logger: false });
  const client = createClient({ url: proxy.url });
  client.on('error', () => {});
  void client.connect().catch(() => {});
  const shared = createCache({
    redis: client as RedisClientLike,
    prefix: 'shared:',
    logger: false,
  });
  const isOver = (): boolean => performance.now() >= endAt;
  const samples: Sample[] = [];
  const counts = { calls: 0, failed: 0, faults: 0 };

  const traffic = async (cache: typeof own): Promise<void> => {
    for (let i = 0; !isOver(); i++) {
      const key = `k:${i % 500}`;
      const request = cache.forRequest();
      const calls = [
        request.getOrSet(key, async () => ({ i }), { ttl: '5s' }),
        i % 7 === 0 ? cache.delete(key) : cache.get(key),
        i % 50 === 0 ? cache.clear('k:1*') : undefined,
        i % 100 === 0 ? cache.setMany(bulk(i)) : undefined,
      ];
      const settled = await Promise.allSettled(calls);
      counts.calls += calls.length;
      counts.failed += settled.filter(({ status }) => status === 'rejected').length;
      await pause(5);
    }
  };

  const flapping = async (): Promise<void> => {
    for (let i = 0; !isOver(); i++) {
      counts.faults++;
      await fault(FAULTS[i % FAULTS.length] ?? 'reset', server, proxy);
      await pause(1_500);
    }
  };

  const reports = async (): Promise<void> => {
    while (!isOver()) {
      await pause(Math.min(REPORT_EVERY_MS, Math.max(1, endAt - performance.now())));
      globalThis.gc?.();
      const listeners = ['error', 'ready', 'end', 'reconnecting'].map((name) =>
        client.listenerCount(name),
      );
      const sample = {
        heapMb: Math.round(process.memoryUsage().heapUsed / 1e5) / 10,
        handles: process.getActiveResourcesInfo().length,
        listeners: listeners.reduce((sum, each) => sum + each, 0),
      };
      samples.push(sample);
      console.log(JSON.stringify({ ...counts, ...sample, mode: own.status().mode }));
    }
  };

  await Promise.all([traffic(own), traffic(shared), flapping(), reports()]);
  await own.close();
  await shared.close();
  client.destroy();
  await proxy.close();
  await server.stop();
  judge(samples);
}

function bulk(i: number): [string, number][] {
  return Array.from({ length: 500 }, (_, at) => [`bulk:${at}`, i]);
}

async function fault(
  name: (typeof FAULTS)[number],
  server: RedisServer,
  proxy: FaultProxy,
): Promise<void> {
  switch (name) {
    case 'kill':
      await server.kill();
      await pause(500);
      return server.restart();
    case 'hang':
      server.hang();
      await pause(700);
      return server.thaw();
    case 'reset':
      return proxy.reset();
    case 'blackhole':
      proxy.blackhole();
      await pause(700);
      return proxy.pass();
    case 'refuse':
      await proxy.refuse();
      await pause(500);
      return proxy.pass();
  }
}

function judge(samples: readonly Sample[]): void {
  const settled = samples.slice(Math.min(WARM_UP_REPORTS, Math.max(0, samples.length - 2)));
  const first = settled[0];
  const last = settled.at(-1);
  if (first === undefined || last === undefined) return;
  const grows = last.heapMb > first.heapMb * MOST_GROWTH || last.listeners > first.listeners;
  console.log(grows ? 'The heap or the listeners grew.' : 'Nothing grew.');
  if (grows) process.exitCode = 1;
}

void main();
