import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import * as channels from '../../lib/core/diagnostics/channels.js';
import { healthRouter } from '../../lib/health.js';
import { custom } from '../../lib/http-cache.js';
import type { Cache, CacheOptions, LogFields, Logger } from '../../lib/index.js';
import { instrumentCache } from '../../lib/opentelemetry.js';
import { createTestCache, type TestCache } from '../../lib/testing.js';
import { useCache } from '../cache/support.js';

type Fields = Map<string, Set<string>>;

export interface Seen {
  /** The fields of each event. */
  readonly events: Fields;
  /** The fields of the messages of each channel. */
  readonly messages: Fields;
  /** The attributes of each span, with their values. */
  readonly spans: Map<string, Map<string, Set<string>>>;
  readonly lines: { readonly level: string; readonly fields: LogFields }[];
}

/** What a cache shows while everything happens to it that it has a name for. */
export async function everythingSeen(): Promise<Seen> {
  const seen: Seen = { events: new Map(), messages: new Map(), spans: new Map(), lines: [] };
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  const stop = watchChannels(seen.messages);
  try {
    await provider.getTracer('test').startActiveSpan('request', async (span) => {
      await liveThrough(seen);
      span.end();
    });
  } finally {
    stop();
    trace.disable();
    context.disable();
  }
  for (const { name, attributes } of exporter.getFinishedSpans()) {
    if (name === 'request') continue;
    const values = seen.spans.get(name) ?? new Map();
    seen.spans.set(name, values);
    for (const [field, value] of Object.entries(attributes)) add(values, field, [String(value)]);
  }
  return seen;
}

async function liveThrough(seen: Seen): Promise<void> {
  const options = { logger: loggerInto(seen.lines), grace: '1h', journal: { max: 2 } } as const;
  const cache = createTestCache({ ...options, maxValueBytes: 1_000 });
  const ends = [instrumentCache(cache, { keys: 'full', memoryHits: true })];
  for (const name of ['modechange', 'lookup', 'loaderror'] as const) {
    cache.on(name, (event) => add(seen.events, name, Object.keys(event)));
  }
  const health = healthRouter({ database: () => true, cache, maxAge: '1ms' });
  health.on('change', (event) => add(seen.events, 'change', Object.keys(event)));
  await cache.advance('1s');
  await health.metrics();
  await use(cache);
  await outages(cache);
  await health.metrics();
  await restore(cache);
  await failures(cache);
  for (const end of ends) end();
  await cache.close();
  await createTestCache({ ...options, enabled: false }).close();
  await behindAnEdge(options);
  useCache(options).observer.dataLost();
  await rejectEverywhere();
}

/** An edge that refuses its first purge. */
async function behindAnEdge(options: CacheOptions): Promise<void> {
  let isWilling = false;
  const purge = (): void => {
    if (!isWilling) throw new Error('not now');
  };
  const edge = custom({ header: 'Tags', separator: ',', purge });
  const cache = createTestCache({ ...options, edge });
  await cache.delete('a');
  await cache.advance('1s');
  isWilling = true;
  await cache.advance('1m');
  await cache.close();
}

/** A call of every method, with hits, misses, stale values and shared loads. */
async function use(cache: TestCache): Promise<void> {
  await cache.set('a', 1, { ttl: '1s' });
  await cache.setMany([['b', 2]]);
  await Promise.all([cache.get('a'), cache.getMany(['a', 'none'])]);
  const load = (): Promise<number> => new Promise((done) => setTimeout(done, 20, 1));
  const shared = [cache.getOrSet('c', load), cache.getOrSet('c', load)];
  await cache.advance('1ms');
  await Promise.all(shared);
  await cache.getOrSetMany(['c', 'd'], (keys) => new Map(keys.map((key) => [key, 1])));
  await cache.advance('2s');
  await cache.getOrSet('a', () => Promise.reject(new TypeError('no'))).catch(() => {});
  await cache.delete('b');
  await cache.deleteMany(['c', 'd']);
  await cache.invalidateTags(['t']);
  await cache.clear('x*');
  await cache.invalidateTags(['x']);
}

/** Two outages in a minute; in the second one more is changed than the journal holds. */
async function outages(cache: TestCache): Promise<void> {
  await cache.breakRedis('kill');
  await cache.restoreRedis();
  await cache.breakRedis('kill');
  for (let key = 0; key < 4; key++) await cache.set(`k${key}`, key);
}

async function restore(cache: TestCache): Promise<void> {
  await cache.restoreRedis();
  await cache.set('kept', 1);
  await cache.advance('10s');
  await cache.breakRedis('kill');
  await cache.restoreRedis({ isEmpty: true });
  await cache.advance('2m');
}

async function failures(cache: Cache): Promise<void> {
  await cache.set('large', 'x'.repeat(2_000));
  await cache.set('t', 1, { ttl: 3 });
  const fail = (): Promise<never> =>
    new Promise((_, reject) => setTimeout(reject, 20, new TypeError('no')));
  const shared = [cache.getOrSet('e', fail), cache.getOrSet('e', fail)];
  await Promise.allSettled(shared);
  const off = cache.on('lookup', () => {
    throw new Error('a listener');
  });
  await cache.get('a');
  off();
}

/** A change does not reject, but its channel would say so. */
async function rejectEverywhere(): Promise<void> {
  for (const each of [channels.LOOKUPS, channels.WRITES, channels.LOADS, channels.WAITS]) {
    const message = { cache: 'other', keys: 1 };
    const failed = channels.traced(each, message, () => Promise.reject(new Error('no')));
    await failed.catch(() => {});
  }
}

function watchChannels(messages: Fields): () => void {
  const ends: (() => void)[] = [];
  for (const channel of Object.values(channels)) {
    if (typeof channel === 'function') continue;
    if (!('start' in channel)) {
      const { name } = channel;
      const note = (message: unknown): void =>
        add(messages, String(name), Object.keys(message as object));
      subscribe(name, note);
      ends.push(() => unsubscribe(name, note));
      continue;
    }
    const name = String(channel.start.name).replace(/^tracing:(.+):start$/, '$1');
    const note = (message: object): void =>
      // A subscriber of `start` sets `runIn`.
      add(
        messages,
        name,
        Object.keys(message).filter((field) => field !== 'runIn'),
      );
    const subscribers = { start: note, end: note, asyncStart: note, asyncEnd: note, error: note };
    tracingChannel(name).subscribe(subscribers);
    ends.push(() => tracingChannel(name).unsubscribe(subscribers));
  }
  return () => {
    for (const end of ends) end();
  };
}

function add(to: Fields, name: string, fields: readonly string[]): void {
  const known = to.get(name) ?? new Set<string>();
  to.set(name, known);
  for (const field of fields) known.add(field);
}

function loggerInto(lines: Seen['lines']): Logger {
  const at =
    (level: string) =>
    (_message: string, fields: LogFields): void =>
      void lines.push({ level, fields });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
