// A reader with a near cache and a writer, each with a connection of its own: how old a near hit can be.

import type { Cache } from '../../lib/index.js';
import { serve } from '../lib/rpc.js';
import { sleep } from '../lib/time.js';
import { library } from '../subjects/ours.js';

const KEY = 'hot';
const PAUSE_MS = 20;
const WRITES_APART_MS = 40;

interface Staleness {
  /** For how long, after a write was answered, the reader still returned the value before: the longest, in milliseconds. */
  readonly longestMs: number;
  readonly nearHits: number;
}

let reader: Cache;
let writer: Cache;

async function open({ port }: { port: number }): Promise<void> {
  const { createCache } = await library();
  const shared = { redis: `redis://127.0.0.1:${port}`, logger: false } as const;
  reader = createCache({ ...shared, near: true });
  writer = createCache(shared);
  await writer.set(KEY, 0);
  await sleep(500);
}

/** The writer counts up; the reader looks all the time. */
async function staleness({ ms }: { ms: number }): Promise<Staleness> {
  const writtenAt: number[] = [0];
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      const next = writtenAt.length;
      await writer.set(KEY, next);
      writtenAt[next] = performance.now();
      await sleep(WRITES_APART_MS);
    }
  })();
  let longestMs = 0;
  const startedAt = performance.now();
  while (performance.now() < startedAt + ms) {
    const seen = (await reader.get<number>(KEY)) ?? 0;
    // The value that replaced it was answered at that time.
    const replacedAt = writtenAt[seen + 1];
    if (replacedAt !== undefined) longestMs = Math.max(longestMs, performance.now() - replacedAt);
    if (Math.random() < 0.01) await sleep(Math.random() * PAUSE_MS);
  }
  isOver = true;
  await writing;
  return { longestMs, nearHits: reader.metrics().lookups.near.hit };
}

const operations = { open, staleness };

export type NearOperations = typeof operations;
serve(operations);
