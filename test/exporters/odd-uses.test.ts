import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { Counter, Gauge, Registry } from 'prom-client';
import { reportCache } from '../../lib/dogstatsd.js';
import { healthRouter } from '../../lib/health.js';
import { createCache } from '../../lib/index.js';
import { instrumentCache } from '../../lib/opentelemetry.js';
import { collectCacheMetrics } from '../../lib/prometheus.js';
import { unhandled } from '../support/wait.js';
import { closeCaches, newCache } from './caches.js';

const GONE = 'redis://127.0.0.1:1';

describe('a registry of prom-client', () => {
  let register: Registry;
  beforeEach(() => {
    register = new Registry();
  });
  afterEach(closeCaches);

  it('that was cleared begins again, also with a new cache of the same name', async () => {
    collectCacheMetrics({ cache: newCache(), register });
    register.clear();
    const cache = newCache();
    collectCacheMetrics({ cache, register });
    await cache.set('a', 1);
    expect(await register.metrics()).to.match(/^express_cache_sets_total\{cache="cache"\} 1$/m);
    expect((await register.metrics()).match(/^express_cache_sets_total\{/gm)).to.have.length(1);
  });

  it('from which one metric was taken away keeps the others, and does not get it back', async () => {
    const cache = newCache();
    collectCacheMetrics({ cache, register });
    register.removeSingleMetric('express_cache_sets_total');
    collectCacheMetrics({ cache, register });
    const text = await register.metrics();
    expect(text).to.not.include('express_cache_sets_total');
    expect(text).to.include('express_cache_deletes_total');
  });

  it('with a metric of one of our names is refused whole', async () => {
    const name = 'express_cache_sets_total';
    new Counter({ name, help: 'Not ours.', registers: [register] });
    for (let i = 0; i < 2; i++) {
      expect(() => collectCacheMetrics({ cache: newCache({ name: `c${i}` }), register }))
        .to.throw(/already has a metric express_cache_sets_total, of the application or of another/)
        .with.property('code', 'ERR_CACHE_OPTION');
    }
    expect(await register.metrics()).to.match(/^express_cache_sets_total 0$/m);
    expect(register.getMetricsAsArray()).to.have.length(1);
  });

  it('shows a closed cache until another one takes its name', async () => {
    const first = newCache({ redis: GONE });
    collectCacheMetrics({ cache: first, register });
    await first.close();
    expect(await register.metrics()).to.match(
      /^express_cache_reason\{cache="cache",reason="closed"\} 1$/m,
    );
    const second = newCache({ redis: GONE });
    collectCacheMetrics({ cache: second, register });
    expect(() => collectCacheMetrics({ cache: newCache(), register })).to.throw(/already has/);
  });

  it('with default labels, merged and read one by one shows the same numbers', async () => {
    register.setDefaultLabels({ cache: 'not this', app: 'pos' });
    const cache = newCache({ name: 'shop' });
    collectCacheMetrics({ cache, register });
    await cache.set('a', 1);
    const other = new Registry();
    new Gauge({ name: 'mine', help: 'Mine.', registers: [other] }).set(1);
    for (let i = 0; i < 2; i++) {
      const merged = await Registry.merge([register, other]).metrics();
      expect(merged).to.match(/^express_cache_sets_total\{.*cache="shop".*\} 1$/m);
      await register.getMetricsAsJSON();
      expect(await register.metrics()).to.match(
        /^express_cache_sets_total\{cache="shop",app="pos"\} 1$/m,
      );
      expect(await register.getSingleMetricAsString('express_cache_sets_total')).to.include('} 1');
    }
    register.resetMetrics();
    expect(await register.metrics()).to.match(/^express_cache_sets_total\{.*\} 1$/m);
  });

  it('is read while a check hangs', async () => {
    const health = healthRouter({
      timeout: '50ms',
      checks: { hangs: () => new Promise(() => {}) },
    });
    collectCacheMetrics({ cache: newCache(), health, register });
    const text = await register.metrics();
    expect(text).to.match(/check="hangs",status="down"\} 1/);
  });
});

describe('instrumentCache', () => {
  const spans = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(provider);
  });
  afterEach(async () => {
    spans.reset();
    await closeCaches();
  });
  after(() => {
    trace.disable();
    context.disable();
    metrics.disable();
  });

  it('called twice for a cache makes one span a call, with the last options', async () => {
    const cache = newCache();
    const first = instrumentCache(cache);
    const second = instrumentCache(cache, { keys: 'full' });
    first();
    await provider.getTracer('test').startActiveSpan('request', async (span) => {
      await cache.set('k', 1);
      span.end();
    });
    second();
    const made = spans.getFinishedSpans().filter(({ name }) => name === 'cache.set');
    expect(made.map(({ attributes }) => attributes['cache.key'])).to.deep.equal([['k']]);
  });

  it('refuses a second cache of a name, until the first is ended or closed', async () => {
    const first = newCache({ redis: GONE });
    const end = instrumentCache(first);
    expect(() => instrumentCache(newCache()))
      .to.throw(/Another cache with the name 'cache' is instrumented.*createCache\(\{ name: /)
      .with.property('code', 'ERR_CACHE_OPTION');
    await first.close();
    const ends = [instrumentCache(newCache())];
    end();
    expect(() => instrumentCache(newCache())).to.throw(/is instrumented/);
    ends[0]?.();
    instrumentCache(newCache())();
  });
});

describe('reportCache with a client that fails', () => {
  afterEach(closeCaches);

  const fails = (how: () => unknown): readonly [number, () => void] => {
    let sent = 0;
    const count = (): unknown => {
      sent++;
      return how();
    };
    const end = reportCache(newCache(), { check: count, gauge: count });
    return [sent, end];
  };

  for (const [what, how] of [
    [
      'throws',
      (): never => {
        throw new Error('no socket');
      },
    ],
    ['rejects', (): Promise<never> => Promise.reject(new Error('no socket'))],
  ] as const) {
    it(`${what}: everything else is sent, and nothing reaches the application`, async () => {
      const loose = unhandled();
      const [sent, end] = fails(how);
      await new Promise((done) => setTimeout(done, 5));
      expect(loose.stop()).to.deep.equal([]);
      expect(sent).to.be.above(5);
      end();
    });
  }

  it('goes on when the numbers cannot be read', async () => {
    const cache = createCache({ redis: false, logger: false });
    let isBroken = false;
    const source = {
      on: () => () => {},
      metrics: () => {
        if (isBroken) throw new Error('no numbers');
        return cache.metrics();
      },
    };
    let checks = 0;
    const client = { check: () => checks++, gauge: () => {} };
    const loose = unhandled();
    const end = reportCache(source, client, { interval: 10 });
    isBroken = true;
    await new Promise((done) => setTimeout(done, 40));
    isBroken = false;
    const before = checks;
    while (checks === before) await new Promise((done) => setTimeout(done, 5));
    end();
    expect(loose.stop()).to.deep.equal([]);
    await cache.close();
  });
});
