import { setTimeout as delay } from 'node:timers/promises';
import { context, metrics, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { inBackground } from '../../lib/core/background.js';
import { LOOKUPS } from '../../lib/core/diagnostics/channels.js';
import { CACHE_METRICS } from '../../lib/exporters/families/cache-families.js';
import { instrumentsOf } from '../../lib/exporters/opentelemetry/instruments.js';
import type { Cache } from '../../lib/index.js';
import { instrumentCache } from '../../lib/opentelemetry.js';
import { closeCaches, newCache } from './caches.js';

describe('OpenTelemetry', () => {
  const spans = new InMemorySpanExporter();
  const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  let ends: (() => void)[];
  let cache: Cache;

  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(tracer);
  });
  beforeEach(() => {
    ends = [];
    cache = newCache({ name: 'shop', grace: '1h' });
  });
  afterEach(async () => {
    for (const end of ends) end();
    await closeCaches();
    spans.reset();
  });
  after(() => {
    context.disable();
    trace.disable();
    metrics.disable();
  });

  /** The spans that a request makes, without its own. */
  async function spansOf(request: () => unknown): Promise<readonly ReadableSpan[]> {
    await tracer.getTracer('test').startActiveSpan('request', async (span: Span) => {
      await request();
      span.end();
    });
    await delay(0);
    return spans.getFinishedSpans().filter(({ name }) => name !== 'request');
  }

  it('shows a load under the call that began it, and the loader under the load', async () => {
    ends.push(instrumentCache(cache));
    const made = await spansOf(() =>
      cache.getOrSet('k', async () => {
        tracer.getTracer('test').startSpan('query').end();
        return 1;
      }),
    );
    const [query, load, call] = ['query', 'cache.load', 'cache.get_or_set'].map((name) =>
      made.find((span) => span.name === name),
    );
    expect(query?.parentSpanContext?.spanId).to.equal(load?.spanContext().spanId);
    expect(load?.parentSpanContext?.spanId).to.equal(call?.spanContext().spanId);
    expect(load?.attributes).to.deep.equal({
      'express_cache.name': 'shop',
      'express_cache.batch_size': 1,
      'express_cache.outcome': 'ok',
    });
    expect(call?.attributes).to.include({
      'cache.operation': 'get_or_set',
      'cache.hit': false,
      'express_cache.outcome': 'miss',
    });
  });

  it("links a caller that waits to the load of another caller's request", async () => {
    ends.push(instrumentCache(cache));
    const request = (): Promise<unknown> => cache.getOrSet('k', () => delay(10, 1));
    const [made] = await Promise.all([spansOf(request), spansOf(request)]);
    const all = [...made, ...spans.getFinishedSpans()];
    const load = all.find(({ name }) => name === 'cache.load');
    const wait = all.find(({ name }) => name === 'cache.wait');
    expect(wait?.links.map((link) => link.context.spanId)).to.deep.equal([
      load?.spanContext().spanId,
    ]);
    expect(wait?.spanContext().traceId).to.not.equal(load?.spanContext().traceId);
    expect(wait?.attributes).to.include({ 'express_cache.outcome': 'coalesced' });
  });

  it('shows no hit in memory, unless it is asked to', async () => {
    await cache.set('k', 1);
    ends.push(instrumentCache(cache));
    expect(await spansOf(() => cache.get('k'))).to.deep.equal([]);
    ends.pop()?.();
    ends.push(instrumentCache(cache, { memoryHits: true }));
    const [hit] = await spansOf(() => cache.get('k'));
    expect(hit?.attributes).to.include({ 'cache.hit': true, 'express_cache.tier': 'memory' });
  });

  it('shows changes', async () => {
    ends.push(instrumentCache(cache));
    const made = await spansOf(async () => {
      await cache.set('k', 1);
      await cache.deleteMany(['k', 'l']);
    });
    expect(made.map(({ name }) => name)).to.deep.equal(['cache.set', 'cache.delete_many']);
    expect(made[0]?.attributes).to.include({ 'express_cache.outcome': 'applied' });
    expect(made[1]?.attributes).to.include({ 'express_cache.batch_size': 2 });
  });

  it('marks a call that failed, without the message', async () => {
    ends.push(instrumentCache(cache));
    const made = await spansOf(() =>
      cache.getOrSet('k', () => Promise.reject(new TypeError('secret'))).catch(() => {}),
    );
    for (const { status, attributes, events } of made) {
      expect(status).to.deep.equal({ code: 2 });
      expect(attributes['error.type']).to.equal('TypeError');
      expect(events).to.deep.equal([]);
    }
    expect(made).to.have.length(2);
  });

  it('makes no span where the caller has none, nor for another cache', async () => {
    ends.push(instrumentCache(cache));
    await cache.getOrSet('k', () => 1);
    const other = newCache({ name: 'other' });
    expect(await spansOf(() => other.getOrSet('k', () => 1))).to.deep.equal([]);
  });

  it('shows keys as they are, as a hash, or not at all', async () => {
    const shown: unknown[] = [];
    for (const keys of ['none', 'hash', 'full'] as const) {
      const end = instrumentCache(cache, { keys });
      const [span] = await spansOf(() => cache.get('user:2'));
      shown.push(span?.attributes['cache.key']);
      end();
      spans.reset();
    }
    expect(shown[0]).to.equal(undefined);
    expect(String(shown[1])).to.match(/^[0-9a-f]{16}$/);
    expect(shown[2]).to.deep.equal(['user:2']);
  });

  it('hides background work from every other instrumentation', async () => {
    await spansOf(() => inBackground(() => tracer.getTracer('redis').startSpan('EVALSHA').end()));
    expect(spans.getFinishedSpans().map(({ name }) => name)).to.deep.equal(['request']);
  });

  it('ends with the returned function', async () => {
    const end = instrumentCache(cache);
    end();
    end();
    expect(LOOKUPS.hasSubscribers).to.equal(false);
    expect(await spansOf(() => cache.getOrSet('k', () => 1))).to.deep.equal([]);
  });

  it('subscribes to nothing without an SDK', () => {
    trace.disable();
    ends.push(instrumentCache(cache));
    expect(LOOKUPS.hasSubscribers).to.equal(false);
    trace.setGlobalTracerProvider(tracer);
  });

  it('reports every metric of the snapshot, each name once', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    ends.push(instrumentCache(cache));
    await cache.getOrSet('k', () => 1);
    await cache.get('k');
    await reader.forceFlush();
    const reported = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    const names = reported.map(({ descriptor }) => descriptor.name);
    const known = CACHE_METRICS.flatMap(instrumentsOf).map(({ name }) => name);
    expect(new Set(known).size).to.equal(known.length);
    // This cache has no edge.
    const missing = known.filter((name) => !names.includes(name));
    expect(missing.filter((name) => !name.startsWith('express.cache.edge_'))).to.deep.equal([
      'express.cache.loads_limit',
      // Audits and warming are off.
      'express.cache.audits',
      'express.cache.stale_ratio',
      'express.cache.group_hits',
      'express.cache.group_loads',
      'express.cache.group_ttl_seconds',
      'express.cache.group_lifetimes',
      'express.cache.warming',
      'express.cache.warmed_values',
      'express.cache.warmed_values_ended',
    ]);
    const lookups = reported.find(({ descriptor }) => descriptor.name === 'express.cache.lookups');
    const hits = lookups?.dataPoints.find(
      ({ attributes }) => attributes.result === 'hit' && attributes.tier === 'memory',
    );
    expect(hits).to.deep.include({
      attributes: { cache: 'shop', tier: 'memory', result: 'hit' },
      value: 1,
    });
    await reader.shutdown();
  });

  for (const [options, message] of [
    [{ keys: 'some' }, /^keys must be 'none', 'hash' or 'full', got 'some'/],
    [{ memoryHits: 1 }, /^memoryHits must be true or false/],
    [{ key: 'full' }, /no option 'key'. Did you mean 'keys'/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => instrumentCache(cache, options as never)).to.throw(message);
    });
  }
});
