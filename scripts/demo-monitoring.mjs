// Starts the example with a Redis of its own, Prometheus and Alertmanager beside it, kills Redis, starts it again, and
// prints each alert as it fires and resolves. Durations of the rules are divided by 30, so it takes a minute.
//
//   npm run demo:monitoring
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startMonitoring } from './monitoring-stack.mjs';
import { ensureRedisServer } from './redis-server.mjs';

const EXAMPLE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'example-app');
const GIVE_UP_AFTER_MS = 120_000;

const startedAt = performance.now();
const say = (text) =>
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function startExample() {
  const env = { ...process.env, PORT: '0', REDIS_URL: 'private', QUERY_DELAY_MS: '0' };
  const child = start(process.execPath, ['dist/server.js'], { cwd: EXAMPLE, env });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  while (!/\/health\n/.test(output)) {
    if (child.exitCode !== null) throw new Error(`The example ended:\n${output}`);
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  }
  const [, url] = /is at (http:\S+)/.exec(output);
  const [, pid, port] = /redis-server, pid (\d+), port (\d+)/.exec(output);
  return { child, url, redis: { pid: Number(pid), port } };
}

async function until(what, isDone) {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
  while (!isDone()) {
    if (performance.now() > giveUpAt) throw new Error(`It did not happen: ${what}`);
    await sleep(100);
  }
}

const { child, url, redis } = await startExample();
say(`the example is at ${url}, its page at ${url}/health/ui`);
const arrived = [];
const monitoring = await startMonitoring({
  target: new URL(url).host,
  onAlert: ({ status, labels, annotations }) => {
    arrived.push(`${status} ${labels.alertname}`);
    say(`${status.toUpperCase()} ${labels.alertname} (${labels.severity}): ${annotations.summary}`);
    if (status === 'firing') say(`  ${annotations.description}`);
  },
});
say(`Prometheus is at ${monitoring.url}, Alertmanager at ${monitoring.alertmanagerUrl}`);
const visitor = setInterval(
  () => void fetch(`${url}/products/${1 + Math.floor(Math.random() * 60)}`).catch(() => {}),
  50,
);
await sleep(3_000);
process.kill(redis.pid, 'SIGKILL');
say('Redis is killed');
await until('CacheDegraded fires', () => arrived.includes('firing CacheDegraded'));
await until('CacheDegradedEverywhere fires', () =>
  arrived.includes('firing CacheDegradedEverywhere'),
);
start(ensureRedisServer(), ['--port', redis.port, '--bind', '127.0.0.1', '--save', ''], {
  stdio: 'ignore',
});
say('Redis is started again');
await until('CacheDegraded resolves', () => arrived.includes('resolved CacheDegraded'));
clearInterval(visitor);
await monitoring.stop();
child.kill('SIGTERM');
await once(child, 'exit');
say('done');
process.exit(0);
