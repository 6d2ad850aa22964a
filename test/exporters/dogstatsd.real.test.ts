import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { StatsD } from 'hot-shots';
import type { CacheMode } from '../../lib/api/status.js';
import { type DogStatsdClient, reportCache } from '../../lib/dogstatsd.js';
import { tableRows } from '../docs/markdown.js';
import { until } from '../support/wait.js';
import { closeCaches, newCache, withSnapshot } from './caches.js';

describe('reportCache', () => {
  let socket: Socket;
  let client: StatsD;
  let received: string[];
  const ends: (() => void)[] = [];

  beforeEach(async () => {
    received = [];
    socket = createSocket('udp4', (data) => received.push(...`${data}`.split('\n')));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    client = new StatsD({ host: '127.0.0.1', port: socket.address().port, cacheDns: false });
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await new Promise((done) => client.close(done));
    socket.close();
    await closeCaches();
  });

  const checks = (): string[] => received.filter((line) => line.startsWith('_sc|'));

  it('sends a service check and gauges that Datadog reads', async () => {
    const cache = newCache({ name: 'shop' });
    await cache.set('a', 1);
    await cache.get('a');
    await cache.get('b');
    ends.push(reportCache(cache, client, { service: 'pos-api' }));
    await until(() => received.length >= 9, 'everything has arrived');
    expect(checks()).to.have.length(1);
    expect(checks()[0]).to.match(/^_sc\|health\.cache\.status\|0\|/);
    expect(checks()[0]).to.match(/#service:pos-api,cache:shop(\||$)/);
    expect(received).to.include('health.cache.hit_rate:50|g|#service:pos-api,cache:shop');
    expect(received).to.include('health.cache.lookups:2|g|#service:pos-api,cache:shop');
  });

  it('reports each interval, with what happened in it', async () => {
    const cache = newCache();
    await cache.get('a');
    ends.push(reportCache(cache, client, { interval: '20ms' }));
    await until(() => checks().length >= 3, 'it was reported three times');
    expect(received).to.include('health.cache.lookups:1|g|#cache:cache');
    expect(received).to.include('health.cache.lookups:0|g|#cache:cache');
  });

  for (const [status, number] of [
    ['up', 0],
    ['degraded', 1],
    ['down', 2],
  ] as const) {
    it(`says ${status} as ${number}`, () => {
      const sent: unknown[][] = [];
      const fake: DogStatsdClient = { check: (...args) => sent.push(args), gauge() {} };
      ends.push(reportCache(withSnapshot({ status, reason: 'timeout' }) as never, fake));
      expect(sent[0]?.slice(0, 2)).to.deep.equal(['health.cache.status', number]);
      expect(sent[0]?.[3]).to.deep.equal(['cache:cache', 'reason:timeout']);
    });
  }

  it('keeps the message in one datagram', async () => {
    const message = `one\nline|of ${'much '.repeat(200)}text`;
    ends.push(reportCache(withSnapshot({ message }) as never, client));
    await until(() => received.length >= 8, 'everything has arrived');
    expect(checks()[0]).to.include('one line of much');
    expect(received.filter((line) => line.startsWith('line'))).to.deep.equal([]);
    expect(/m:([^|]*)/.exec(`${checks()[0]}`)?.[1]).to.have.length(500);
  });

  it('reports a change of mode at once', () => {
    let report = (_change: unknown): void => {};
    const { metrics } = withSnapshot({});
    const cache = {
      metrics,
      on: (_name: string, listener: typeof report) => {
        report = listener;
        return () => {};
      },
    };
    let checked = 0;
    const fake: DogStatsdClient = { check: () => checked++, gauge() {} };
    ends.push(reportCache(cache as never, fake));
    report({ from: 'normal' satisfies CacheMode, to: 'degraded', durationMs: 1 });
    expect(checked).to.equal(2);
  });

  it('survives a client that throws', () => {
    const fake: DogStatsdClient = {
      check: () => {
        throw new Error('closed');
      },
      gauge() {},
    };
    expect(() => ends.push(reportCache(newCache(), fake))).to.not.throw();
  });

  it('refuses what is no client, no cache and no service', () => {
    const cache = newCache();
    expect(() => reportCache(cache, {} as never)).to.throw(
      /^the client must be a DogStatsD client/,
    );
    expect(() => reportCache({} as never, client)).to.throw(/^cache must be what createCache/);
    const service = 'two words';
    expect(() => reportCache(cache, client, { service })).to.throw(/^service must be 1 to 100/);
    expect(() => reportCache(cache, client, { interval: 0 })).to.throw(/^interval must be/);
  });

  it('has every gauge in docs/monitoring.md, and no others', () => {
    const names = new Set<string>();
    const fake: DogStatsdClient = { check() {}, gauge: (name) => names.add(name) };
    const snapshot = newCache().metrics();
    ends.push(
      reportCache(withSnapshot({ lookups: { ...snapshot.lookups, miss: 1 } }) as never, fake),
    );
    const rows = tableRows(readFileSync('docs/monitoring.md', 'utf8'), 'gauge');
    expect(rows.map(([name]) => name?.replaceAll('`', ''))).to.deep.equal([...names]);
  });
});
