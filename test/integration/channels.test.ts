import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Cache } from '../../lib/index.js';
import { until } from '../support/wait.js';
import { isDegraded, Stand } from './stand.js';

const MARKER = 'card-4111-1111-1111-1111';

type Message = Record<string, unknown> & {
  runIn?: (task: () => unknown) => unknown;
};

/** Gets what one channel publishes. */
class Listener {
  readonly messages: Message[] = [];
  readonly #channel: string;
  readonly #listen: (message: unknown) => void;

  constructor(channel: string, act: (message: Message) => void = () => {}) {
    this.#channel = channel;
    this.#listen = (message) => {
      this.messages.push(message as Message);
      act(message as Message);
    };
    subscribe(channel, this.#listen);
  }

  stop(): void {
    unsubscribe(this.#channel, this.#listen);
  }
}

describe('integration: diagnostics channels', () => {
  const listeners: Listener[] = [];
  let stand: Stand;
  let cache: Cache;
  const listen = (kind: string, at: string, act?: (message: Message) => void): Message[] => {
    const listener = new Listener(`tracing:express-cache-health:${kind}:${at}`, act);
    listeners.push(listener);
    return listener.messages;
  };
  before(async () => {
    stand = await Stand.start();
  });
  beforeEach(async () => {
    cache = await stand.cache({ name: 'shop' });
  });
  afterEach(async () => {
    for (const listener of listeners.splice(0)) listener.stop();
    await stand.closeCaches();
  });
  after(() => stand.stop());

  it('tell reads: how many keys, how they were answered, by which tier', async () => {
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    const ended = listen('lookup', 'asyncEnd');
    await cache.get('a');
    await cache.get('none');
    await cache.getMany(['a', 'b', 'none']);
    await cache.getOrSet('c', () => 3);
    await cache.getOrSetMany(['a', 'd'], async () => new Map([['d', 4]]));
    const common = { cache: 'shop', stale: 0 };
    expect(ended).to.deep.equal([
      { ...common, op: 'get', key: 'a', keys: 1, hits: 1, misses: 0, tier: 'redis' },
      { ...common, op: 'get', key: 'none', keys: 1, hits: 0, misses: 1 },
      { ...common, op: 'getMany', key: 'a', keys: 3, hits: 2, misses: 1, tier: 'redis' },
      { ...common, op: 'getOrSet', key: 'c', keys: 1, hits: 0, misses: 1 },
      { ...common, op: 'getOrSetMany', key: 'a', keys: 2, hits: 1, misses: 1, tier: 'redis' },
    ]);
  });

  it('tell changes and what became of them', async () => {
    const ended = listen('write', 'asyncEnd');
    await cache.set('a', 1);
    await cache.setMany([['b', 1]]);
    await cache.delete('a');
    await cache.deleteMany(['a', 'b']);
    await cache.clear('a*');
    const common = { cache: 'shop', result: 'applied' };
    expect(ended).to.deep.equal([
      { ...common, op: 'set', key: 'a', keys: 1 },
      { ...common, op: 'setMany', key: 'b', keys: 1 },
      { ...common, op: 'delete', key: 'a', keys: 1 },
      { ...common, op: 'deleteMany', key: 'a', keys: 2 },
      { ...common, op: 'clear', keys: 0 },
    ]);
  });

  it('tell loads with their outcome, and callers that waited for them', async () => {
    const loads = listen('load', 'asyncEnd');
    const waits = listen('wait', 'asyncEnd');
    const calls = ['a', 'b', 'c'].map(() => cache.getOrSet('k', () => delay(20, 'v')));
    await Promise.all(calls);
    expect(loads).to.deep.equal([{ cache: 'shop', key: 'k', keys: 1, outcome: 'ok' }]);
    expect(waits).to.have.length(2);
    for (const wait of waits) expect((wait.loads as unknown[])[0]).to.equal(loads[0]);
    await cache.getOrSet('bad', () => Promise.reject(new Error('no'))).catch(() => {});
    expect(loads[1]).to.include({ key: 'bad', outcome: 'error' });
    expect(loads[1]?.error).to.be.an('error');
  });

  it('run the work where a subscriber of start says', async () => {
    const spans = new AsyncLocalStorage<string>();
    listen('load', 'start', (message) => {
      message.runIn = (task) => spans.run('load', task);
    });
    listen('lookup', 'start', (message) => {
      message.runIn = (task) => spans.run('lookup', task);
    });
    const seen: unknown[] = [];
    listen('load', 'start', () => seen.push(spans.getStore()));
    await cache.getOrSet('k', () => seen.push(spans.getStore()));
    expect(seen).to.deep.equal(['lookup', 'load']);
  });

  it('never hold a value, at no moment of a call', async () => {
    const texts: string[] = [];
    const note = (message: Message): number =>
      texts.push(
        JSON.stringify(message, (_key, value) => (value instanceof Map ? [...value] : value)),
      );
    for (const kind of ['lookup', 'write', 'load', 'wait']) {
      for (const at of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) listen(kind, at, note);
    }
    await cache.set('a', MARKER);
    await cache.setMany([['b', MARKER]]);
    await cache.get('a');
    await cache.getMany(['a', 'b']);
    await Promise.all([1, 2].map(() => cache.getOrSet('c', () => delay(10, MARKER))));
    await cache.getOrSetMany(['d'], async () => new Map([['d', MARKER]]));
    expect(texts.length).to.be.above(20);
    expect(texts.filter((text) => text.includes(MARKER))).to.deep.equal([]);
  });

  it('count and answer as without a subscriber', async () => {
    listen('lookup', 'start');
    await cache.set('a', { of: 'mine' });
    expect(await cache.get('a')).to.deep.equal({ of: 'mine' });
    expect(cache.metrics().lookups.redis.hit).to.equal(1);
    for (const wrong of [undefined, '']) {
      const error = await cache.get(wrong as never).catch((reason: unknown) => reason);
      expect(error).to.have.property('code', 'ERR_CACHE_KEY');
    }
  });

  it('tell changes of mode and attempts', async () => {
    const told: unknown[] = [];
    const note = (message: unknown): number => told.push(message);
    subscribe('express-cache-health:mode', note);
    subscribe('express-cache-health:attempt', note);
    await stand.redis.kill();
    await isDegraded(cache);
    await until(() => told.some((message) => 'isOk' in (message as object)), 'an attempt failed');
    await stand.redis.restart();
    unsubscribe('express-cache-health:mode', note);
    unsubscribe('express-cache-health:attempt', note);
    const [first] = told as Record<string, unknown>[];
    expect(first).to.include({ cache: 'shop', from: 'normal', to: 'degraded' });
    expect(told).to.deep.include({ cache: 'shop', isOk: false });
  });
});
