// A service with a real database: counts the pings it has sent and those that are out.
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import { healthRouter } from '../../lib/index.js';

const [connectionString = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 5, connectionTimeoutMillis: 2_000 });
pool.on('error', () => {});

const pings = { runs: 0, outstanding: 0, most: 0 };

async function ping(): Promise<unknown> {
  pings.runs++;
  pings.most = Math.max(pings.most, ++pings.outstanding);
  try {
    return await pool.query('SELECT 1');
  } finally {
    pings.outstanding--;
  }
}

const app = express().use('/health', healthRouter({ database: ping }));
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', () => process.send?.(pings));
process.on('disconnect', () => process.exit());
