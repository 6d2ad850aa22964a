// The part of Datadog's agent that a tracer talks to: it takes traces, and keeps them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { decode } = createRequire(import.meta.url)('@msgpack/msgpack');
const ROOT_PRIORITY = '_sampling_priority_v1';

export async function startDatadogAgent() {
  const traces = [];
  const server = createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    if (req.url.endsWith('/traces')) {
      traces.push(...decode(Buffer.concat(chunks), { useBigInt64: true }));
    }
    res.setHeader('content-type', 'application/json');
    const info = { version: '7.60.0', endpoints: ['/v0.4/traces'] };
    res.end(JSON.stringify(req.url === '/info' ? info : { rate_by_service: {} }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    spans: () => traces.flatMap((trace) => spansOf(trace)),
    close: () => server.close(),
  };
}

/** The first span of a trace says for all of it whether it is kept. */
function spansOf(trace) {
  const priority = trace
    .map(({ metrics }) => metrics?.[ROOT_PRIORITY])
    .find((one) => one !== undefined);
  return trace.map((span) => ({
    name: span.name,
    trace: String(span.trace_id),
    isRoot: BigInt(span.parent_id) === 0n,
    isKept: priority === undefined || priority > 0,
    at: Number(span.start) / 1e6,
    command: span.name === 'redis.command' ? span.resource.toUpperCase().split(' ')[0] : undefined,
    text: JSON.stringify(span, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
  }));
}
