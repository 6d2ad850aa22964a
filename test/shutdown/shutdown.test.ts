import { once } from 'node:events';
import { Agent, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { createCache, gracefulShutdown, healthRouter } from '../../lib/index.js';
import { gate } from '../support/promises.js';

describe('gracefulShutdown', () => {
  async function listening(app = express()): Promise<{ server: Server; url: string }> {
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it('fails readiness first, still serves, then closes server, cache and the rest in order', async () => {
    const health = healthRouter({ database: () => true });
    const { server, url } = await listening(express().use('/health', health));
    const cache = createCache({ redis: false });
    const order: string[] = [];
    const close = cache.close.bind(cache);
    cache.close = () => {
      order.push('cache');
      return close();
    };
    server.on('close', () => order.push('server'));
    const shutdown = gracefulShutdown(server, {
      health,
      cache,
      signals: [],
      drainDelay: 300,
      onSignal: () => order.push('onSignal'),
    });
    const done = shutdown.shutdown();
    expect((await fetch(`${url}/health/ready`)).status).to.equal(503);
    expect((await fetch(`${url}/health/live`)).status).to.equal(200);
    await done;
    expect(order).to.deep.equal(['server', 'cache', 'onSignal']);
  });

  it('answers open requests before it closes, and does not wait for idle connections', async function () {
    this.timeout(8_000);
    const work = gate<string>();
    const app = express().get('/work', async (_req, res) => {
      res.send(await work.promise);
    });
    const { server, url } = await listening(app.get('/idle', (_req, res) => res.send('idle')));
    // Also those that become idle after the server was closed: Node would wait for this.
    server.keepAliveTimeout = 60_000;
    const agent = new Agent({ keepAlive: true });
    const [idle] = await once(get(`${url}/idle`, { agent }), 'response');
    idle.resume();
    const answer = fetch(`${url}/work`);
    await once(server, 'request');
    const { shutdown } = gracefulShutdown(server, { signals: [], drainDelay: 0 });
    const done = shutdown();
    setTimeout(() => work.open('finished'), 50);
    expect(await (await answer).text()).to.equal('finished');
    await done;
    agent.destroy();
  });

  it('is one shutdown, however often it is asked for', async () => {
    const { server } = await listening();
    let cleanUps = 0;
    const { shutdown } = gracefulShutdown(server, {
      signals: [],
      drainDelay: 0,
      onSignal: () => cleanUps++,
    });
    await Promise.all([shutdown(), shutdown()]);
    expect(cleanUps).to.equal(1);
  });

  it('listens to signals until dispose() is called', async () => {
    const { server } = await listening();
    const before = process.listenerCount('SIGTERM');
    const { dispose } = gracefulShutdown(server, {});
    expect(process.listenerCount('SIGTERM')).to.equal(before + 1);
    dispose();
    expect(process.listenerCount('SIGTERM')).to.equal(before);
    server.close();
  });

  it('joins a shutdown that the application began, when the signal comes', async () => {
    const { server } = await listening();
    const signals = ['SIGUSR2'] as const;
    const work = gate();
    const { shutdown, dispose } = gracefulShutdown(server, {
      signals,
      drainDelay: 0,
      onSignal: () => work.promise,
    });
    const done = shutdown();
    const exit = process.exit;
    const codes: unknown[] = [];
    process.exit = ((code: unknown) => void codes.push(code)) as typeof process.exit;
    try {
      process.emit('SIGUSR2');
      expect(codes).to.deep.equal([]);
      work.open();
      await done;
      await new Promise((resolve) => setImmediate(resolve));
      expect(codes).to.deep.equal([0]);
    } finally {
      process.exit = exit;
      dispose();
    }
  });
});
