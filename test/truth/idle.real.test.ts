import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import { createClient } from 'redis';
import request from 'supertest';
import { healthRouter } from '../../lib/health.js';
import type { Monitor } from '../support/redis-server.js';
import { isIn, useWorld } from './world.js';

const IDLE_MS = 3_000;

/** When the rest has begun: two seconds after the last call, at the next half second. */
const RESTED_MS = 2_600;

/** The heartbeats among the commands that Redis got, by the cache's prefix. */
function heartbeatsOf(monitor: Monitor, prefix: string): number {
  return monitor.lines.filter((line) => line.includes(`"HMGET" "${prefix}`)).length;
}

describe('an idle cache', () => {
  const world = useWorld();

  async function monitored(): Promise<Monitor> {
    const monitor = await world.server.monitor();
    await pause(IDLE_MS);
    await monitor.stop();
    return monitor;
  }

  it('writes nothing, runs no script and tells no script: eight small reads a second', async () => {
    const a = await world.join();
    await a.cache.set('k', 'v');
    expect(await a.cache.get('k')).to.equal('v');
    await world.fenced(a);
    const changes = async (): Promise<string> =>
      /rdb_changes_since_last_save:(\d+)/.exec(
        String(await world.server.command('INFO', 'persistence')),
      )?.[1] ?? '';
    // What was acknowledged last may still get its fence.
    await pause(1_100);
    const before = await changes();
    const { lines } = await monitored();
    expect(await changes()).to.equal(before);
    const names = lines.map((line) => /"(\w+)"/.exec(line)?.[1]?.toUpperCase());
    expect(new Set(names)).to.deep.equal(new Set(['HMGET', 'GET', 'TIME', 'INFO']));
    expect(names.length).to.be.at.most((IDLE_MS / 500 + 1) * 4);
    await isIn('normal', a);
  });

  it('rests: one heartbeat in five seconds, unless something needs them sooner', async () => {
    const client = createClient({ url: world.server.url });
    client.on('error', () => {});
    await client.connect();
    const resting = await world.join({ prefix: 'resting:' });
    const changed = await world.join({ prefix: 'changed:' });
    const tagged = await world.join({ prefix: 'tagged:' });
    const watched = await world.join({ prefix: 'watched:' });
    // Redis tells nothing of what a process of release 0.1 does.
    await world.server.command('HSET', 'shared:__ech:fence', 'gen', 'abcdef', 'n', '1');
    const shared = await world.join({ prefix: 'shared:' });
    await shared.cache.get('k');
    const adopted = world.make({ redis: client, prefix: 'adopted:' });
    await adopted.get('k');
    await resting.cache.getOrSet('k', () => 1);
    await changed.cache.delete('k');
    await tagged.cache.getOrSet('k', () => 1, { tags: ['t'] });
    await pause(RESTED_MS);
    const watch = setInterval(() => watched.cache.status(), 100);
    const monitor = await monitored();
    clearInterval(watch);
    await adopted.close();
    client.destroy();
    expect(heartbeatsOf(monitor, 'resting:'), 'at rest').to.be.at.most(1);
    // On a machine that others use, a heartbeat may be late.
    for (const prefix of ['changed:', 'tagged:', 'watched:', 'shared:', 'adopted:']) {
      expect(heartbeatsOf(monitor, prefix), prefix).to.be.at.least(4);
    }
  });

  it('at rest still hears at once what another process cleared, and reads nothing of it', async () => {
    const a = await world.join();
    const b = await world.join();
    await a.cache.set('k', 'old');
    expect(await b.cache.get('k')).to.equal('old');
    await pause(RESTED_MS);
    await a.cache.clear();
    expect(await b.cache.get('k')).to.equal(undefined);
  });

  it('tells the first probe of /health that Redis froze while it rested', async function () {
    this.retries(2); // a busy machine may need longer than a report may take
    const { cache } = await world.join({ commandTimeout: '100ms' });
    await pause(RESTED_MS);
    world.server.hang();
    await pause(700);
    const app = express().use('/health', healthRouter({ cache }));
    const { body } = await request(app).get('/health');
    world.server.thaw();
    expect(body.status).to.equal('degraded');
    expect(body.details.cache.degradation.reason).to.equal('timeout');
  });
});
