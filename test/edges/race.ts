import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Handler } from 'express';
import { responseCache, varnish } from '../../lib/http-cache.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis-server.js';
import { Origin } from './origin.js';
import { startVarnish } from './programs.js';

export interface RaceOptions {
  readonly changes: number;
  /** So many products are changed at the same time. */
  readonly atOnce?: number;
  readonly above?: Handler[];
  /** How long after the last change the edge is looked at. */
  readonly afterMs: number;
}

/** Each reader asks again after this. */
const READ_EVERY_MS = 10;
const READERS = 2;

/**
 * Clients read products through a real Varnish in front of two instances while each product is changed twice, the second time
 * 10 to 40 ms after a handler has read the first version. Half of the answers take 60 to 180 ms to render. Returns at how many products the edge has an
 * old version afterwards.
 */
export async function race(options: RaceOptions): Promise<number> {
  const redis = await RedisServer.start();
  const port = await freePort();
  const versions = new Map<string, number>();
  const rendering = new EventEmitter();
  const origin = await Origin.start({
    cache: { redis: redis.url, edge: varnish({ url: `http://127.0.0.1:${port}` }) },
    ...(options.above === undefined ? {} : { above: options.above }),
    routes(app) {
      app.get('/p/:id', responseCache({ ttl: '5m', edgeTtl: '10m' }), async (req, res) => {
        const id = String(req.params.id);
        const version = await req.cache.getOrSet(`p:${id}`, () => versions.get(id) ?? 0);
        rendering.emit(id);
        if (Math.random() < 0.5) await sleep(60 + Math.random() * 120);
        res.json(version);
      });
    },
  });
  const edge = await startVarnish(origin.port, port);
  const read = async (id: string): Promise<unknown> => (await fetch(`${edge.url}/p/${id}`)).json();
  const changeTwice = async (id: string): Promise<boolean> => {
    let isOver = false;
    await read(id);
    const readers = Array.from({ length: READERS }, async () => {
      while (!isOver) {
        await read(id);
        await sleep(READ_EVERY_MS);
      }
    });
    const change = async (): Promise<void> => {
      versions.set(id, (versions.get(id) ?? 0) + 1);
      const cache = origin.caches[Math.floor(Math.random() * origin.caches.length)];
      await cache?.delete(`p:${id}`);
    };
    // The second change comes while an answer of the first version is being made.
    const isRendering = once(rendering, id);
    await change();
    await Promise.race([isRendering, sleep(2_000)]);
    await sleep(10 + Math.random() * 30);
    await change();
    await sleep(options.afterMs);
    isOver = true;
    await Promise.all(readers);
    return (await read(id)) === versions.get(id);
  };
  try {
    let old = 0;
    const { atOnce = 5 } = options;
    for (let from = 0; from < options.changes; from += atOnce) {
      const ids = Array.from(
        { length: Math.min(atOnce, options.changes - from) },
        (_, i) => from + i,
      );
      const fresh = await Promise.all(ids.map((id) => changeTwice(String(id))));
      old += fresh.filter((isFresh) => !isFresh).length;
    }
    return old;
  } finally {
    await edge.stop();
    await origin.stop();
    await redis.stop();
  }
}
