import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import pg from 'pg';
import { healthRouter } from '../../lib/index.js';
import { until } from '../support/wait.js';
import { Postgres } from './postgres.js';

const PROBES = 500;

describe('a real PostgreSQL', function () {
  this.timeout(60_000);
  let postgres: Postgres;
  let pool: pg.Pool;
  let server: Server;
  let outstanding = 0;
  let most = 0;
  let runs = 0;

  const ping = async (): Promise<unknown> => {
    runs++;
    most = Math.max(most, ++outstanding);
    try {
      return await pool.query('SELECT 1');
    } finally {
      outstanding--;
    }
  };

  const ready = async (): Promise<number> => {
    const { port } = server.address() as AddressInfo;
    return (await fetch(`http://127.0.0.1:${port}/health/ready`)).status;
  };

  beforeEach(async () => {
    postgres = await Postgres.start();
    pool = new pg.Pool({
      connectionString: postgres.url,
      max: 5,
      connectionTimeoutMillis: 2_000,
    });
    pool.on('error', () => {});
    const app = express().use('/health', healthRouter({ database: ping }));
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await until(async () => (await ready()) === 200, 'the database is up', 30_000);
    most = 0;
  });

  afterEach(async () => {
    server.close();
    await postgres.stop();
    await pool.end();
  });

  it('frozen, with 500 concurrent probes: one ping, an answer for each within a second, up again after the thaw', async () => {
    postgres.freeze();
    await until(async () => (await ready()) === 503, 'the verdict has aged');
    const before = runs;
    const times: number[] = [];
    const probe = async (): Promise<number> => {
      const startedAt = performance.now();
      const status = await ready();
      times.push(performance.now() - startedAt);
      return status;
    };
    const answers = await Promise.all(Array.from({ length: PROBES }, probe));
    expect(answers.every((status) => status === 503)).to.equal(true);
    expect(outstanding).to.equal(1);
    expect(most).to.equal(1);
    expect(runs - before).to.be.at.most(1);
    const slowest = Math.max(...times);
    const thawedAt = performance.now();
    postgres.thaw();
    await until(async () => (await ready()) === 200, 'the database is up again', 2_000);
    const back = performance.now() - thawedAt;
    console.log(
      `      ${PROBES} probes: slowest ${Math.round(slowest)} ms; up ${Math.round(back)} ms after the thaw`,
    );
  });

  it('killed: down at once', async () => {
    await postgres.kill();
    await until(async () => (await ready()) === 503, 'the database is down');
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/health`);
    const { error } = (await answer.json()) as { error: { database: { status: string } } };
    expect(error.database.status).to.equal('down');
  });

  it('replaced by a black hole: down within the probe’s second', async () => {
    await postgres.kill();
    const swallowed: Socket[] = [];
    const hole = createServer((socket) => swallowed.push(socket.on('error', () => {})));
    hole.listen(postgres.port, '127.0.0.1');
    await once(hole, 'listening');
    await until(async () => (await ready()) === 503, 'the database is down');
    const startedAt = performance.now();
    expect(await ready()).to.equal(503);
    console.log(`      answered in ${Math.round(performance.now() - startedAt)} ms`);
    for (const socket of swallowed) socket.destroy();
    hole.close();
  });
});
