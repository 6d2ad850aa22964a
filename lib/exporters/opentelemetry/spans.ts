import { createHash } from 'node:crypto';
import {
  type Attributes,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type {
  LoadMessage,
  LookupMessage,
  TracedMessage,
  WaitMessage,
  WriteMessage,
} from '../../core/diagnostics/channels.js';
import type { InstrumentOptions } from './options.js';

/** The spans of messages whose work has not ended, and of loads that others wait for. */
const SPANS = new WeakMap<object, Span>();

/**
 * Turns messages into spans. A message gets a span if its caller has one: the package's own work has none, and a
 * trace that begins in a cache says nothing.
 */
export class Spans {
  readonly #tracer: Tracer;
  readonly #options: Required<InstrumentOptions>;

  constructor(tracer: Tracer, options: Required<InstrumentOptions>) {
    this.#tracer = tracer;
    this.#options = options;
  }

  /** Begins a span, and runs the work in its context, so that queries of a loader become its children. */
  begin(name: string, message: TracedMessage, attributes: Attributes = {}): void {
    const parent = context.active();
    if (trace.getSpan(parent) === undefined) return;
    const span = this.#tracer.startSpan(
      name,
      { kind: SpanKind.INTERNAL, attributes: { ...this.#common(message), ...attributes } },
      parent,
    );
    SPANS.set(message, span);
    message.runIn = (task) => context.with(trace.setSpan(parent, span), task);
  }

  endLookup(message: LookupMessage): void {
    const { hits, stale, misses, tier, keys } = message;
    // A span that does not end is never exported.
    const isMemoryHit = (tier === 'memory' || tier === 'near') && hits === keys && hits > 0;
    if (isMemoryHit && !this.#options.memoryHits) return;
    const outcome = misses > 0 ? 'miss' : stale > 0 ? 'stale' : 'hit';
    this.#end(message, {
      'cache.hit': misses === 0,
      'express_cache.outcome': outcome,
      ...(tier === undefined ? {} : { 'express_cache.tier': tier }),
    });
  }

  endWrite(message: WriteMessage): void {
    const { result } = message;
    this.#end(message, result === undefined ? {} : { 'express_cache.outcome': result });
  }

  endLoad(message: LoadMessage): void {
    const { outcome } = message;
    this.#end(message, outcome === undefined ? {} : { 'express_cache.outcome': outcome });
  }

  endWait(message: WaitMessage): void {
    const span = SPANS.get(message);
    for (const load of message.loads) {
      const leader = SPANS.get(load);
      if (leader !== undefined) span?.addLink({ context: leader.spanContext() });
    }
    this.#end(message, { 'express_cache.outcome': 'coalesced' });
  }

  #end(message: TracedMessage, attributes: Attributes): void {
    const span = SPANS.get(message);
    if (span === undefined) return;
    span.setAttributes(attributes);
    if (message.error !== undefined) {
      // The message of a loader's error is the user's own, and is recorded by the user's own spans.
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute('error.type', typeOf(message.error));
    }
    span.end();
  }

  #common({ cache, keys, key }: TracedMessage): Attributes {
    const shown = this.#options.keys;
    return {
      'express_cache.name': cache,
      'express_cache.batch_size': keys,
      ...(shown === 'none' || key === undefined
        ? {}
        : { 'cache.key': [shown === 'hash' ? hashOf(key) : key] }),
    };
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

/** As the conventions of OpenTelemetry have it: a code, or the name of the class. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
