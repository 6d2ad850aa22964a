// Starts Prometheus and Alertmanager for one application, on free ports of the loopback interface, with the package's
// own alert rules and a receiver of their messages. The tests and the demo use it. All of it ends with this process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureAlertmanager, ensurePrometheus } from './prometheus.mjs';

const RULES = join(dirname(dirname(fileURLToPath(import.meta.url))), 'monitoring/alerts.yml');
const READY_WITHIN_MS = 20_000;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * The rules with every duration divided, so that an outage of seconds shows what one of minutes would: `for: 2m` with
 * 30 becomes 4 s. The scrape interval is a second.
 */
export function acceleratedRules(factor) {
  const seconds = (amount, unit) => Number(amount) * { s: 1, m: 60, h: 3_600 }[unit];
  const shorter = (_, amount, unit) =>
    `${Math.max(1, Math.round(seconds(amount, unit) / factor))}s`;
  return (
    readFileSync(RULES, 'utf8')
      .replace(/(?<=(?:interval|for|keep_firing_for): )(\d+)([smh])$/gm, shorter)
      // A rate needs several scrapes.
      .replace(
        /(?<=\[)(\d+)([smh])(?=\])/g,
        (_, amount, unit) => `${Math.max(5, seconds(amount, unit) / factor)}s`,
      )
  );
}

/**
 * Resolves when both programs answer. `target`: host and port of the application. `onAlert` gets each alert that
 * Alertmanager sends: `{ status: 'firing' | 'resolved', labels, annotations }`.
 */
export async function startMonitoring({
  target,
  factor = 30,
  onAlert = () => {},
  log = console.log,
}) {
  const folder = mkdtempSync(join(tmpdir(), 'monitoring-'));
  const receiver = await startReceiver(onAlert);
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'alerts.yml'), acceleratedRules(factor));
  writeFileSync(join(folder, 'prometheus.yml'), prometheusConfig(target, alertmanagerPort));
  writeFileSync(join(folder, 'alertmanager.yml'), alertmanagerConfig(receiver.address().port));
  const children = [
    start(ensureAlertmanager({ log }), [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
      '--cluster.listen-address=',
    ]),
    start(ensurePrometheus({ log }), [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ]),
  ];
  const [alertmanagerUrl, url] = [alertmanagerPort, prometheusPort].map(
    (port) => `http://127.0.0.1:${port}`,
  );
  const stop = async () => {
    await Promise.all(children.map(stopChild));
    receiver.closeAllConnections();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(alertmanagerUrl, children[0]);
    await untilReady(url, children[1]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, alertmanagerUrl, stop };
}

function prometheusConfig(target, alertmanagerPort) {
  return `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [alerts.yml]
scrape_configs:
  - job_name: pos
    static_configs: [{ targets: ['${target}'] }]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ['127.0.0.1:${alertmanagerPort}'] }]
`;
}

function alertmanagerConfig(port) {
  return `route: { receiver: webhook, group_by: [alertname], group_wait: 1s, group_interval: 2s, repeat_interval: 1h }
receivers:
  - name: webhook
    webhook_configs: [{ url: 'http://127.0.0.1:${port}/', send_resolved: true }]
`;
}

async function startReceiver(onAlert) {
  const server = createServer(async (req, res) => {
    const parts = [];
    for await (const part of req) parts.push(part);
    res.end();
    for (const alert of JSON.parse(Buffer.concat(parts).toString()).alerts) onAlert(alert);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function start(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.said = '';
  child.stderr.on('data', (data) => {
    child.said = `${child.said}${data}`.slice(-4_000);
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function untilReady(url, child) {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  while (performance.now() < giveUpAt) {
    if (child.exitCode !== null)
      throw new Error(`${child.spawnfile} ended at once:\n${child.said}`);
    const isReady = await fetch(`${url}/-/ready`)
      .then(({ ok }) => ok)
      .catch(() => false);
    if (isReady) return;
    await sleep(50);
  }
  throw new Error(
    `${child.spawnfile} did not answer within ${READY_WITHIN_MS / 1_000} s:\n${child.said}`,
  );
}

async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function freePort() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
