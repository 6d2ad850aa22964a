import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import { createCache, healthRouter } from '../../lib/index.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

const LIST = 'shop:__ech:{ech}:hot';
const KEYS = Array.from({ length: 300 }, (_, i) => `product:${i}`);

describe('a deploy with warming', () => {
  let redis: RedisServer;
  let folder: string;
  let file: string;

  beforeEach(async () => {
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), 'warm-'));
    file = join(folder, 'hot.json');
  });

  afterEach(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function listOf(keys: readonly string[]): string {
    return JSON.stringify({
      format: 1,
      at: Date.now(),
      keys: keys.map((key, i) => [key, 900 - i]),
    });
  }

  function newCache(more: object = {}): ReturnType<typeof createCache> {
    const options = { redis: redis.url, prefix: 'shop:', logger: false, memory: { max: 500 } };
    return createCache({ ...options, warm: true, ...more } as never);
  }

  it('fills memory before it is ready, so that Redis may die right after it', async () => {
    const old = newCache({ warm: false });
    await old.setMany(KEYS.map((key) => [key, { key }]));
    await old.close();
    await redis.command('SET', LIST, listOf(KEYS));
    const cache = newCache();
    const app = express();
    app.use('/health', healthRouter({ database: () => true, cache }));
    const words: string[] = [];
    await until(async () => {
      const { body } = await request(app).get('/health/ready');
      words.push(body.status);
      return body.status === 'ok';
    }, 'it is ready');
    expect([...new Set(words)].filter((word) => word !== 'warming')).to.deep.equal(['ok']);
    await redis.kill();
    await until(() => cache.status().mode === 'degraded', 'the outage is known');
    for (const key of KEYS) expect(await cache.get(key), key).to.deep.equal({ key });
    await cache.close();
  }).timeout(20_000);

  it('takes the names from a file while Redis is down, and loads by the named loaders', async () => {
    writeFileSync(file, listOf(KEYS.slice(0, 20)));
    await redis.kill();
    const loaded: string[] = [];
    const loaders = { 'product:': (id: string) => loaded.push(id) };
    const cache = newCache({ warm: { loaders, file } });
    await until(() => loaded.length === 20, 'the loaders have run');
    expect(await cache.has('product:7')).to.equal(true);
    await cache.close();
  }).timeout(20_000);

  it('works without Redis', async () => {
    writeFileSync(file, listOf(KEYS.slice(0, 20)));
    const loaders = { 'product:': (id: string) => `loaded ${id}` };
    const cache = newCache({ redis: false, warm: { loaders, file } });
    await until(() => cache.status().warming === undefined, 'it is ready');
    expect(await cache.get('product:7')).to.equal('loaded 7');
    await cache.close();
    expect(JSON.parse(readFileSync(file, 'utf8')).keys).to.have.length(20);
  }).timeout(20_000);
});
