// A process that has caches and nothing to do.

import type { Cache } from '../../lib/index.js';
import { serve } from '../lib/rpc.js';
import { library } from '../subjects/ours.js';

const caches: Cache[] = [];

const operations = {
  /** Settles when all of them serve. */
  async open({ port, count }: { port: number; count: number }): Promise<void> {
    const { createCache } = await library();
    for (let i = 0; i < count; i++) {
      caches.push(createCache({ redis: `redis://127.0.0.1:${port}`, logger: false }));
    }
    await Promise.all(caches.map((cache) => cache.get('nothing')));
  },
  modes: (): readonly string[] => caches.map((cache) => cache.status().mode),
};

export type IdleOperations = typeof operations;
serve(operations);
