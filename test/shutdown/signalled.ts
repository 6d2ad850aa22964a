// A service that is sent signals, each trait of it named in an argument. Tells its parent what happens to it.
import type { AddressInfo } from 'node:net';
import express from 'express';
import { gracefulShutdown, healthRouter } from '../../lib/health.js';

const traits = new Set(process.argv.slice(2));
const tell = (what: string): void => {
  process.send?.({ what });
};

const health = healthRouter({ database: () => true });
health.on('change', ({ to }) => tell(to));
const app = express().use('/health', health);
app.get('/quick', (_req, res) => {
  res.send('done');
});
app.get('/stuck', () => tell('asked'));
app.post('/upload', () => tell('asked'));
app.get('/soon', (_req, res) => {
  tell('asked');
  setTimeout(() => res.send('done'), 300);
});
app.get('/events', (_req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  res.write('data: 1\n\n');
  setInterval(() => res.write(': I am here\n\n'), 100).unref();
  tell('asked');
});
app.get('/download', (_req, res) => {
  res.writeHead(200, { 'Content-Length': '100000000' });
  res.write('a'.repeat(1_000));
  tell('asked');
});

const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
server.on('connection', () => tell('connected'));
server.on('close', () => tell('closed'));
if (traits.has('upgrades')) {
  server.on('upgrade', (_req, socket) => {
    socket.on('error', () => {});
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    setInterval(() => socket.write('ping'), 100).unref();
    tell('asked');
  });
}
if (traits.has('closes-itself')) process.prependListener('SIGTERM', () => server.close());

const never = new Promise<void>(() => {});
const cache = {
  async close() {
    tell('cache closed');
    if (traits.has('cache-fails')) throw new Error('redis://:hunter2@cache is stuck');
    if (traits.has('cache-hangs')) await never;
  },
};
const failing = {
  beginShutdown() {
    throw new Error('no');
  },
};
const times = {
  ...(traits.has('defaults')
    ? {}
    : { drainDelay: drainMs(), timeout: traits.has('short') ? 800 : 5_000 }),
};
gracefulShutdown(server, {
  health: traits.has('health-fails') ? failing : health,
  cache,
  ...times,
  onSignal: () => {
    tell('cleaned up');
    return traits.has('clean-up-hangs') ? never : undefined;
  },
});
// Something that would keep the process alive for ever.
setInterval(() => {}, 1_000);

function drainMs(): number {
  if (traits.has('slow')) return 4_000;
  return traits.has('short') ? 100 : 1_000;
}
