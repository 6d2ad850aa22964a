// A service that is sent signals, each trait of it named in an argument. Tells its parent what happens to it.
import type { AddressInfo } from 'node:net';
import express from 'express';
import { gracefulShutdown, healthRouter } from '../../lib/index.js';

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

const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
server.on('close', () => tell('closed'));
const cache = {
  async close() {
    tell('cache closed');
    if (traits.has('cache-fails')) throw new Error('redis://:hunter2@cache is stuck');
  },
};
gracefulShutdown(server, {
  health,
  cache,
  drainDelay: traits.has('slow') ? 4_000 : traits.has('short') ? 100 : 1_000,
  timeout: traits.has('short') ? 400 : 5_000,
  onSignal: () => tell('cleaned up'),
});
// Something that would keep the process alive for ever.
setInterval(() => {}, 1_000);
