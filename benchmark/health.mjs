/*
 * What a health answer costs, next to a route that does nothing:
 *
 *     npm run build && node benchmark/health.mjs
 *
 * One server process with one application for each subject, asked in turn in an order that is shuffled anew in each
 * round, over keep-alive connections. The cost is the server's own processor time for a request, so that other
 * programs on the machine, and this one, do not count. Ends with code 1 when a bar is missed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { figure, say, table } from './lib/report.mjs';
import { shuffled, summarise } from './lib/stats.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const REQUESTS = Number(process.env.REQUESTS ?? 4_000);
const CONNECTIONS = 16;
const SELF = fileURLToPath(import.meta.url);

/** Name, path, and what it may cost at most, in bare routes. */
const SUBJECTS = [
  ['bare', '/x', undefined],
  ['live', '/health/live', 1.2],
  ['ready', '/health/ready', undefined],
  ['health', '/health', 2],
];

if (process.argv[2] === 'serve') await serve();
else process.exitCode = await compare();

async function serve() {
  const { default: express } = await import('express');
  const { cacheMiddleware, healthRouter } = await import(
    process.env.BENCH_SUBJECT ?? '../dist/index.js'
  );
  const ports = {};
  for (const [name] of SUBJECTS) {
    const app = express();
    if (name === 'bare') app.get('/x', (_req, res) => res.end());
    else {
      const cache = cacheMiddleware({ redis: false });
      app.use('/health', healthRouter({ database: async () => true, cache }));
    }
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports[name] = server.address().port;
  }
  process.on('message', () => process.send(process.cpuUsage()));
  process.send(ports);
}

async function compare() {
  const child = fork(SELF, ['serve']);
  const [ports] = await once(child, 'message');
  const cpu = async () => {
    child.send('cpu');
    const [{ user, system }] = await once(child, 'message');
    return user + system;
  };
  const costs = new Map(SUBJECTS.map(([name]) => [name, []]));
  for (let round = -3; round < ROUNDS; round++) {
    for (const [name, path] of shuffled(SUBJECTS)) {
      const before = await cpu();
      await load(ports[name], path);
      const cost = ((await cpu()) - before) / REQUESTS;
      if (round >= 0) costs.get(name).push(cost);
    }
  }
  child.disconnect();
  child.kill();
  return report(costs);
}

async function load(port, path) {
  let left = REQUESTS;
  const request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
  const worker = async () => {
    const socket = createConnection(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    await once(socket, 'connect');
    let text = '';
    await new Promise((resolve, reject) => {
      const next = () => (left-- > 0 ? socket.write(request) : resolve());
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk;
        const head = text.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < head + 4 + length) return;
        if (!text.startsWith('HTTP/1.1 200')) reject(new Error(text.slice(0, 300)));
        text = '';
        next();
      });
      next();
    });
    socket.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

function report(costs) {
  const base = costs.get('bare');
  let missed = 0;
  const rows = SUBJECTS.map(([name, path, bar]) => {
    const ratio = summarise(costs.get(name).map((cost, i) => cost / base[i]));
    const isMet = bar === undefined || ratio.median <= bar;
    if (!isMet) missed++;
    return [
      path,
      figure(summarise(costs.get(name)).median),
      `${figure(ratio.median)} ± ${figure(ratio.spread)}`,
      bar === undefined ? '–' : `≤ ${bar}`,
      bar === undefined ? '–' : isMet ? 'yes' : 'no',
    ];
  });
  say(`\n${ROUNDS} rounds of ${REQUESTS} requests over ${CONNECTIONS} connections\n`);
  table(['path', 'µs of CPU a request', '÷ bare', 'bar', 'met'], rows);
  return missed === 0 ? 0 : 1;
}
