import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import { context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { createCache } from '../../lib/index.js';
import { instrumentCache } from '../../lib/opentelemetry.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

const COMMAND = 'tracing:node-redis:command:start';

describe('OpenTelemetry with an instrumentation of Redis', () => {
  const spans = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const tracer = provider.getTracer('test');
  let commands = 0;
  /** As instrumentations do: a span for each command, wherever it is sent. */
  const instrument = (): void => {
    commands++;
    tracer.startSpan('redis').end();
  };
  let redis: RedisServer;
  before(async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(provider);
    redis = await RedisServer.start();
    subscribe(COMMAND, instrument);
  });
  after(async () => {
    unsubscribe(COMMAND, instrument);
    await redis.stop();
    trace.disable();
    context.disable();
  });

  it('shows no root span of the background, through a hang and the recovery', async () => {
    const cache = createCache({ redis: redis.url, logger: false });
    const end = instrumentCache(cache);
    const request = (id: number): Promise<void> =>
      tracer.startActiveSpan('request', async (span: Span) => {
        await cache.getOrSet(`k:${id}`, () => id);
        span.end();
      });
    await until(() => cache.status().mode === 'normal', 'Redis serves');
    await request(0);
    await redis.hang();
    for (let id = 1; cache.status().mode === 'normal'; id++) {
      void request(id);
      await delay(5);
    }
    await redis.thaw();
    await until(() => cache.status().mode === 'normal', 'Redis serves again');
    const idle = commands;
    await until(() => commands > idle + 3, 'heartbeats were sent');
    const roots = spans.getFinishedSpans().filter((span) => span.parentSpanContext === undefined);
    expect(roots.filter(({ name }) => name !== 'request')).to.deep.equal([]);
    const names = new Set(spans.getFinishedSpans().map(({ name }) => name));
    expect([...names]).to.include.members(['redis', 'cache.get_or_set', 'cache.load']);
    end();
    await cache.close();
  });
});
