import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import { type Cache, createCache, healthRouter } from '../../lib/index.js';
import { RedisServer } from '../support/redis-server.js';

/** The moments whose `/health` the documents show, in the order in which they are lived through. */
export const MOMENTS = ['normal', 'degraded', 'recovered', 'database-down'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface RealAnswers {
  readonly health: Readonly<Record<Moment, unknown>>;
  /** What was logged from the first line to the last. */
  readonly log: readonly string[];
}

/**
 * Lives through an outage and writes down what `/health` and the log said: 25 products are loaded, read
 * 150 times, and 3 deleted; Redis is killed, and 4 are loaded, 13 read, 1 deleted; it comes back; then the
 * database goes away.
 */
export async function realAnswers(): Promise<RealAnswers> {
  const log: string[] = [];
  const write = (line: string) => void log.push(line);
  const redis = await RedisServer.start();
  const logger = { info: write, warn: write, error: write };
  const cache = createCache({ redis: redis.url, logger });
  const database = { isUp: true };
  const server = await listen(cache, database);
  const health: Partial<Record<Moment, unknown>> = {};
  const look = async (): Promise<unknown> => (await fetch(`${server.url}/health`)).json();
  try {
    await untilStatus(cache, 'up');
    await readProducts(cache, 1, 25);
    for (let i = 0; i < 6; i++) await readProducts(cache, 1, 25);
    await deleteProducts(cache, 1, 3);
    health.normal = await look();
    await redis.kill();
    await untilRefused(cache);
    await readProducts(cache, 26, 29);
    await readProducts(cache, 4, 16);
    await deleteProducts(cache, 4, 4);
    health.degraded = await lookBetweenAttempts(look);
    await redis.restart();
    await untilStatus(cache, 'up');
    health.recovered = await look();
    database.isUp = false;
    await delay(1_100); // a verdict on the database is kept for a second at most
    health['database-down'] = await look();
  } finally {
    await cache.close();
    await redis.stop();
    await server.close();
  }
  return { health: health as Record<Moment, unknown>, log };
}

async function readProducts(cache: Cache, from: number, to: number): Promise<void> {
  for (let id = from; id <= to; id++) {
    await cache.getOrSet(`product:${id}`, () => ({ id, name: 'Espresso', price: 2.4 }));
  }
}

async function deleteProducts(cache: Cache, from: number, to: number): Promise<void> {
  for (let id = from; id <= to; id++) await cache.delete(`product:${id}`);
}

/** Killed is first a connection that was lost, then, with the next probe, one that is refused. */
async function untilRefused(cache: Cache): Promise<void> {
  await untilStatus(cache, 'degraded');
  while (cache.status().reason !== 'connection_refused') await delay(5);
}

/** While an attempt to connect is under way, there is no time of the next one. */
async function lookBetweenAttempts(look: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const answer = await look();
    if (JSON.stringify(answer).includes('nextProbeAt')) return answer;
    await delay(5);
  }
}

async function untilStatus(cache: Cache, status: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (cache.status().status !== status) {
    if (Date.now() > deadline) throw new Error(`not ${status}: ${cache.status().message}`);
    await delay(5);
  }
}

async function listen(cache: Cache, database: { isUp: boolean }) {
  const ping = async () => {
    if (!database.isUp) throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
  };
  const app = express().use('/health', healthRouter({ database: ping, cache }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Fields that differ from run to run: their presence and their kind are compared, not their value. */
const VOLATILE_NUMBERS = new Set(['errors', 'bytes', 'responseTimeMs', 'latencyMs', 'durationMs']);

/** The same answer with what differs from run to run replaced by what it is. */
export function normalised(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return normalisedText(value);
  if (typeof value === 'number') return VOLATILE_NUMBERS.has(key) ? '<number>' : value;
  if (Array.isArray(value)) return value.map((item) => normalised(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, normalised(v, k)]));
}

export function normalisedText(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>')
    .replace(/\b(?:localhost|127\.0\.0\.1):\d+/g, '<host>')
    .replace(/\b\d+(?:\.\d+)? ?(?:ms|s|min|h)\b/g, '<duration>');
}
