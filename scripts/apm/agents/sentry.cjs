const Sentry = require('@sentry/node');

const envelopes = [];
Sentry.init({
  dsn: 'http://key@127.0.0.1:9/1',
  sendDefaultPii: true,
  // As docs/monitoring.md says.
  tracesSampler: ({ attributes, parentSampled }) => {
    if (parentSampled !== undefined) return parentSampled;
    return isRedis(attributes) ? 0 : 1;
  },
  transport: () => ({
    send: async (envelope) => {
      envelopes.push(envelope);
      return { statusCode: 200 };
    },
    flush: async () => true,
  }),
});

globalThis.recordedSpans = async () => {
  await Sentry.flush(2_000);
  return envelopes.flatMap(([, items]) => items.flatMap(([, payload]) => spansOf(payload)));
};

function spansOf(payload) {
  const own = payload.type === 'transaction' ? [payload.contexts.trace] : [];
  const listed = [...own, ...(payload.spans ?? payload.items ?? [])];
  return listed.map((span) => {
    const attributes = span.data ?? span.attributes ?? {};
    const name = span.name ?? span.description ?? payload.transaction ?? span.op;
    return {
      name,
      trace: span.trace_id,
      isRoot: span.parent_span_id === undefined,
      isKept: true,
      at: (span.start_timestamp ?? payload.start_timestamp) * 1_000,
      command: commandOf(attributes, name),
      text: JSON.stringify([span, payload.breadcrumbs, payload.extra]),
    };
  });
}

function commandOf(attributes, name) {
  const value = (key) => attributes[key]?.value ?? attributes[key];
  if (value('db.system') === undefined && value('db.system.name') === undefined) return undefined;
  return String(value('db.operation.name') ?? name.replace(/^redis-/, '')).split(' ')[0];
}

function isRedis(attributes = {}) {
  return (attributes['db.system.name'] ?? attributes['db.system']) === 'redis';
}
