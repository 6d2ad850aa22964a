import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { gracefulShutdown } from '../../lib/shutdown/graceful-shutdown.js';
import { parseShutdownOptions } from '../../lib/shutdown/shutdown-options.js';

describe('the options of a shutdown', () => {
  const server = createServer();

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['a health that cannot', { health: {} }, /health must be what healthRouter\(\) returned/],
    ['no health', { health: null }, /health must be what healthRouter\(\) returned, got null/],
    ['a cache that cannot', { cache: {} }, /cache must be what cacheMiddleware\(\) or/],
    ['no cache', { cache: null }, /cache must be what cacheMiddleware\(\) or .* got null/],
    ['one signal', { signals: 'SIGTERM' }, /signals must be a list of signals/],
    ['a signal that is none', { signals: ['SIGTREM'] }, /signals must be a list of signals/],
    [
      'a drain that outlasts the timeout',
      { drainDelay: '30s' },
      /drainDelay must be shorter than timeout, 25000 ms, got '30s'/,
    ],
    ['a clean-up that is no function', { onSignal: 1 }, /onSignal must be a function, got 1/],
    ['a misspelt option', { drainDeley: 1 }, /Did you mean 'drainDelay'/],
  ];
  for (const [what, options, message] of wrong) {
    it(`refuse ${what} at once, not when the signal comes`, () => {
      expect(() => gracefulShutdown(server, options as object)).to.throw(message);
    });
  }

  it('take undefined for absent', () => {
    const absent = {
      health: undefined,
      cache: undefined,
      drainDelay: undefined,
      timeout: undefined,
    } as object;
    const config = parseShutdownOptions(server, absent);
    expect([config.drainDelayMs, config.timeoutMs]).to.deep.equal([5_000, 25_000]);
    expect(config.beginShutdown()).to.equal(undefined);
    expect(config.closeCache()).to.equal(undefined);
  });

  it('close the cache, or the one of a middleware, as its method', async () => {
    const cache = {
      isClosed: false,
      async close() {
        this.isClosed = true;
      },
    };
    await parseShutdownOptions(server, { cache }).closeCache();
    expect(cache.isClosed).to.equal(true);
    cache.isClosed = false;
    const middleware = Object.assign(() => {}, { cache });
    await parseShutdownOptions(server, { cache: middleware }).closeCache();
    expect(cache.isClosed).to.equal(true);
  });

  it('need a server', () => {
    const wrong = (() => {}) as unknown as Server;
    expect(() => gracefulShutdown(wrong)).to.throw(/must be a node:http server.*app.listen\(\)/);
  });
});
