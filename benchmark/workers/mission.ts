// The application of the mission's table: Express, a database that takes 500 ms a query, and health endpoints.

import type { AddressInfo } from 'node:net';
import express from 'express';
import { serve } from '../lib/rpc.js';
import { sleep } from '../lib/time.js';
import { productOf } from '../lib/values.js';
import { library } from '../subjects/ours.js';

const DATABASE_MS = 500;
const BYTES = 200;

interface Start {
  readonly redisPort: number;
  /** `false`: the database alone. */
  readonly isCached: boolean;
}

async function start({ redisPort, isCached }: Start): Promise<number> {
  const { cacheMiddleware, healthRouter } = await library();
  const cache = cacheMiddleware({
    redis: `redis://127.0.0.1:${redisPort}`,
    logger: false,
    enabled: isCached,
  });
  const app = express();
  app.use('/health', healthRouter({ cache, database: async () => true, maxAge: 0 }));
  app.use(cache);
  app.get('/product/:id', async (req, res) => {
    const { id } = req.params;
    const load = async (): Promise<unknown> => {
      await sleep(DATABASE_MS);
      return productOf(Number(id), BYTES);
    };
    res.json(await req.cache.getOrSet(`product:${id}`, load));
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

const operations = { start };

export type MissionOperations = typeof operations;
serve(operations);
