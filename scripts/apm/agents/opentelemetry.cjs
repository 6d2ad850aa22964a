const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { RedisInstrumentation } = require('@opentelemetry/instrumentation-redis');
const { InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
registerInstrumentations({
  instrumentations: [new HttpInstrumentation(), new RedisInstrumentation()],
});

// As docs/monitoring.md says: before the cache is made.
const { instrumentCache } = require('../../../dist/opentelemetry.js');
globalThis.watched = (cache) => instrumentCache(cache, { keys: 'full', memoryHits: true });

const ms = ([seconds, nanos]) => seconds * 1_000 + nanos / 1e6;

globalThis.recordedSpans = () =>
  exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    trace: span.spanContext().traceId,
    isRoot: span.parentSpanContext === undefined,
    isKept: true,
    at: ms(span.startTime),
    command: span.attributes['db.operation.name'] ?? span.attributes['db.statement']?.split(' ')[0],
    text: JSON.stringify([span.name, span.attributes, span.events, span.status]),
  }));
