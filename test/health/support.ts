import type { Express, RequestHandler } from 'express';
import express5 from 'express';
import type { CacheStatus } from '../../lib/index.js';

const express4 = require('express4') as typeof express5;

/** Both versions that are supported. */
export const VERSIONS: readonly (readonly [string, () => Express])[] = [
  ['Express 5', () => express5()],
  ['Express 4', () => express4()],
];

export function appWith(health: RequestHandler, path = '/health'): Express {
  return express5().use(path, health);
}

/** A cache that only has a status, for what the router makes of it. */
export function cacheThatIs(status: Partial<CacheStatus> = {}): { status(): CacheStatus } {
  return {
    status: () => ({
      status: 'up',
      connected: true,
      message: 'Redis serves.',
      metrics: { hits: 150, misses: 25, sets: 25, deletes: 3, errors: 0, hitRate: 0.86 },
      mode: 'normal',
      since: '2026-01-01T00:00:00.000Z',
      journal: { entries: 0, max: 10_000, overflows: 0 },
      memory: { entries: 1, max: 100, bytes: 10, maxBytes: 1_000 },
      ...status,
    }),
  };
}

export const degradedCache = cacheThatIs({
  status: 'degraded',
  connected: false,
  mode: 'degraded',
  reason: 'connection_refused',
  message: 'Redis is not used. The in-memory fallback serves.',
  nextProbeAt: '2026-01-01T00:00:01.000Z',
  lastError: 'connect ECONNREFUSED 127.0.0.1:6379',
  lastErrorTime: '2026-01-01T00:00:00.500Z',
});

export const downCache = cacheThatIs({ status: 'down', connected: false, mode: 'database-only' });

export const up = (): string => 'PONG';
export const down = (): never => {
  throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
};
