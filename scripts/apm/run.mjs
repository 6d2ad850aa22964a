// An application under the agents of Datadog, New Relic, Sentry and OpenTelemetry, with a Redis that hangs, is killed and
// comes back: `npm run test:apm`. No agent may see a value, put background work into a request, or lose the batching.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureRedisServer, startRedisServer } from '../redis-server.mjs';
import { startDatadogAgent } from './datadog-agent.mjs';
import { checkMonitors } from './monitors.mjs';

const require = createRequire(import.meta.url);
const AGENTS = ['dd-trace', 'newrelic', 'sentry', 'opentelemetry'];
const PACKAGES = {
  'dd-trace': 'dd-trace',
  newrelic: 'newrelic',
  sentry: '@sentry/node',
  opentelemetry: '@opentelemetry/instrumentation-redis',
};
const MARKER = '4111-1111';
const IDLE_MS = 3_000;
/** Redis' commands and our own spans in one request of the scenario: 64 sets, one after the other. */
const LARGEST_TRACE = 64 * 4;
const LIMIT_MS = 20_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startRedis(port) {
  const answers = () =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() && true));
      socket.on('error', () => resolve(false));
    });
  return startRedisServer({ program: await ensureRedisServer({ log() {} }), port, answers });
}

class App {
  constructor(agent, env) {
    this.child = fork(here('app.cjs'), [], {
      execArgv: ['--import', here(`agents/${agent}.cjs`)],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  async start() {
    const [{ port }] = await once(this.child, 'message');
    this.url = `http://127.0.0.1:${port}`;
  }

  async ask(what) {
    this.child.send({ ask: what });
    const [answer] = await once(this.child, 'message');
    return answer[what];
  }

  async isIn(mode) {
    const until = Date.now() + LIMIT_MS;
    while ((await this.ask('mode')) !== mode) {
      if (Date.now() > until) throw new Error(`the cache is not ${mode} after ${LIMIT_MS} ms`);
      await sleep(20);
    }
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

async function visit(app, path, init) {
  const startedAt = performance.now();
  const response = await fetch(app.url + path, init);
  const body = await response.json();
  return { isOk: response.ok, ms: performance.now() - startedAt, body };
}

/** Visits while the cache is not in this mode; the requests that were answered. */
async function visitUntil(app, mode) {
  let isThere = false;
  const arrived = app.isIn(mode).finally(() => {
    isThere = true;
  });
  const visits = [];
  for (let i = 0; !isThere; i++) {
    visits.push(visit(app, `/products/${i}`));
    await sleep(7);
  }
  await arrived;
  return Promise.all(visits);
}

async function scenario(app, redis) {
  await app.isIn('normal');
  const visits = [];
  visits.push(...(await Promise.all(['a', 'b', 'c'].map((id) => visit(app, `/products/${id}`)))));
  visits.push(...(await Promise.all([1, 2, 3].map(() => visit(app, '/products/shared')))));
  visits.push(await visit(app, '/many', { method: 'POST' }));
  const batchAt = Date.now();
  const many = await visit(app, '/many');
  visits.push(many);
  const batchEndAt = Date.now();
  redis.child.kill('SIGSTOP');
  visits.push(...(await visitUntil(app, 'degraded')));
  redis.child.kill('SIGCONT');
  visits.push(...(await visitUntil(app, 'normal')));
  redis.child.kill('SIGKILL');
  visits.push(...(await visitUntil(app, 'degraded')));
  redis.child = await startRedis(redis.port);
  visits.push(...(await visitUntil(app, 'normal')));
  await sleep(500); // What the last request left behind has been sent.
  const idleAt = Date.now();
  await sleep(IDLE_MS);
  return { visits, found: many.body.found, batchAt, batchEndAt, idleAt };
}

async function tryAgent(agent) {
  const redis = { port: await freePort() };
  redis.child = await startRedis(redis.port);
  const datadog = await startDatadogAgent();
  const app = new App(agent, {
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    DD_TRACE_AGENT_URL: datadog.url,
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  });
  try {
    await app.start();
    const story = await scenario(app, redis);
    await sleep(500); // An agent sends what it has several times a second.
    const spans = (await app.ask('spans')) ?? datadog.spans();
    return { agent, ...figuresOf(spans, story) };
  } finally {
    await app.stop();
    datadog.close();
    redis.child.kill('SIGKILL');
  }
}

function figuresOf(spans, { visits, found, batchAt, batchEndAt, idleAt }) {
  const kept = spans.filter(({ isKept }) => isKept);
  const sizes = new Map();
  for (const { trace } of kept) sizes.set(trace, (sizes.get(trace) ?? 0) + 1);
  const idle = kept.filter(({ at }) => at >= idleAt);
  const batch = kept.filter(({ at, command }) => command && at >= batchAt && at <= batchEndAt);
  return {
    found,
    requests: visits.length,
    failed: visits.filter(({ isOk }) => !isOk).length,
    slowestMs: Math.round(Math.max(...visits.map(({ ms }) => ms))),
    spans: kept.length,
    redisSpans: kept.filter(({ command }) => command).length,
    idleRoots: idle.filter(({ isRoot }) => isRoot).length,
    idleInRequests: idle.filter(({ isRoot }) => !isRoot).length,
    largest: Math.max(0, ...sizes.values()),
    values: spans.filter(({ text }) => text?.includes(MARKER)).length,
    batches: batch.filter(({ command }) => /^M?GET$/.test(command)).length,
  };
}

function faultsOf(one) {
  const faults = [];
  const expect = (isSo, what) => {
    if (!isSo) faults.push(`${one.agent}: ${what}`);
  };
  expect(one.found === 64, `it found ${one.found} of 64 values`);
  expect(one.failed === 0, `${one.failed} requests failed`);
  expect(one.redisSpans > 0, 'it saw no command of Redis, so it proves nothing');
  expect(one.values === 0, `${one.values} spans show a value`);
  expect(one.idleRoots === 0, `${one.idleRoots} root spans of the background are kept`);
  expect(
    one.idleInRequests === 0,
    `${one.idleInRequests} spans of the background are in a request`,
  );
  expect(one.largest <= LARGEST_TRACE, `one trace has ${one.largest} spans`);
  expect(one.batches >= 1 && one.batches <= 4, `64 reads made ${one.batches} commands`);
  return faults;
}

const COLUMNS = {
  agent: (one) => `${one.agent} ${require(`${PACKAGES[one.agent]}/package.json`).version}`,
  'requests, failed': (one) => `${one.requests}, ${one.failed}`,
  'slowest, ms': (one) => one.slowestMs,
  'spans kept, of Redis': (one) => `${one.spans}, ${one.redisSpans}`,
  [`roots in ${IDLE_MS / 1_000} s idle`]: (one) => one.idleRoots,
  'in requests': (one) => one.idleInRequests,
  'largest trace': (one) => one.largest,
  'spans with a value': (one) => one.values,
  'commands for 64 reads': (one) => one.batches,
};

const wanted = process.argv.slice(2);
const names = AGENTS.filter((name) => wanted.length === 0 || wanted.includes(name));
const results = [];
for (const name of names) results.push(await tryAgent(name));
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
row(Object.keys(COLUMNS));
row(Object.keys(COLUMNS).map(() => '---'));
for (const one of results) row(Object.values(COLUMNS).map((cell) => cell(one)));
const faults = [...results.flatMap(faultsOf), ...checkMonitors()];
for (const fault of faults) console.log(`- ${fault}`);
console.log(faults.length === 0 ? 'Nothing is wrong.' : `${faults.length} faults.`);
process.exit(faults.length === 0 ? 0 : 1);
