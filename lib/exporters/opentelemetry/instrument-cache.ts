import type { TracingChannel } from 'node:diagnostics_channel';
import { metrics, trace } from '@opentelemetry/api';
import {
  LOADS,
  LOOKUPS,
  type LoadMessage,
  type LookupMessage,
  type TracedMessage,
  WAITS,
  type WaitMessage,
  WRITES,
  type WriteMessage,
} from '../../core/diagnostics/channels.js';
import { VERSION } from '../../core/diagnostics/version.js';
import { CacheHealthError } from '../../core/errors.js';
import { type MetricsSource, parseCacheSource } from '../sources.js';
import { observeMetrics } from './instruments.js';
import { type Instrumented, type InstrumentOptions, parseInstrumentOptions } from './options.js';
import { Spans } from './spans.js';

const NAME = 'express-cache-health';

const OPS: Readonly<Record<(LookupMessage | WriteMessage)['op'], string>> = {
  get: 'get',
  getMany: 'get_many',
  getOrSet: 'get_or_set',
  getOrSetMany: 'get_or_set_many',
  set: 'set',
  setMany: 'set_many',
  delete: 'delete',
  deleteMany: 'delete_many',
  clear: 'clear',
  invalidateTags: 'invalidate_tags',
};

/** What is instrumented now, by the name of the cache. */
const INSTRUMENTED = new Map<string, { readonly source: Instrumented; readonly end: () => void }>();

/**
 * Reports the metrics of a cache, and spans for its calls and loads, through the OpenTelemetry SDK of the process.
 * Start the SDK first: without one this does nothing and costs nothing. The returned function ends it. Of two calls
 * for one cache the last counts.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option, or if another cache of this name is instrumented.
 */
export function instrumentCache(cache: MetricsSource, options?: InstrumentOptions): () => void {
  const source = parseCacheSource<Instrumented>(cache, ['metrics']);
  const parsed = parseInstrumentOptions(options);
  const { name } = source.metrics();
  makeRoom(name, source);
  const ends = [observeMetrics(metrics.getMeter(NAME, VERSION), source)];
  if (hasTracing()) {
    ends.push(...subscribeAll(new Spans(trace.getTracer(NAME, VERSION), parsed), name));
  }
  const end = (): void => {
    for (const each of ends.splice(0)) each();
    if (INSTRUMENTED.get(name)?.end === end) INSTRUMENTED.delete(name);
  };
  INSTRUMENTED.set(name, { source, end });
  return end;
}

/** Ends what was there for the same cache, or for a closed one of its name. */
function makeRoom(name: string, source: Instrumented): void {
  const known = INSTRUMENTED.get(name);
  if (known === undefined) return;
  if (known.source !== source && known.source.metrics().reason !== 'closed') {
    throw new CacheHealthError(
      'ERR_CACHE_OPTION',
      `Another cache with the name '${name}' is instrumented, and nothing would tell their numbers apart. Name one of them: createCache({ name: 'sessions' }).`,
    );
  }
  known.end();
}

/** Before an SDK is registered, the provider has nothing behind it. */
function hasTracing(): boolean {
  const provider = trace.getTracerProvider();
  if (!('getDelegateTracer' in provider)) return true;
  const { getDelegateTracer } = provider as { getDelegateTracer(name: string): unknown };
  return getDelegateTracer.call(provider, NAME) !== undefined;
}

function subscribeAll(spans: Spans, cache: string): (() => void)[] {
  const call = (message: LookupMessage | WriteMessage): void => {
    const operation = OPS[message.op];
    spans.begin(`cache.${operation}`, message, { 'cache.operation': operation });
  };
  return [
    subscribe<LookupMessage>(LOOKUPS, cache, { start: call, end: (m) => spans.endLookup(m) }),
    subscribe<WriteMessage>(WRITES, cache, { start: call, end: (m) => spans.endWrite(m) }),
    subscribe<LoadMessage>(LOADS, cache, {
      start: (message) => spans.begin('cache.load', message),
      end: (message) => spans.endLoad(message),
    }),
    subscribe<WaitMessage>(WAITS, cache, {
      start: (message) => spans.begin('cache.wait', message),
      end: (message) => spans.endWait(message),
    }),
  ];
}

/** Gets the messages of one cache. */
function subscribe<M extends TracedMessage>(
  on: TracingChannel<object>,
  cache: string,
  { start, end }: { readonly start: (message: M) => void; readonly end: (message: M) => void },
): () => void {
  const ofCache =
    (act: (message: M) => void) =>
    (message: unknown): void => {
      if ((message as M).cache === cache) act(message as M);
    };
  const [onStart, onEnd] = [ofCache(start), ofCache(end)];
  on.start.subscribe(onStart);
  on.asyncEnd.subscribe(onEnd);
  return () => {
    on.start.unsubscribe(onStart);
    on.asyncEnd.unsubscribe(onEnd);
  };
}
