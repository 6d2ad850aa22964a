import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Cache, createCache, gracefulShutdown } from 'express-cache-health';
import { varnish } from 'express-cache-health/http-cache';
import { createApp } from './app.js';
import { seedCatalogue } from './catalogue.js';
import { openDatabase, slowed } from './database.js';
import { freePort } from './free-port.js';
import { PrivateVarnish } from './private-varnish.js';
import { findRedis } from './redis.js';
import { readSettings } from './settings.js';

// Until all is set up a signal ends the app at once, with whatever it has started.
const endAtOnce = (): void => process.exit(1);
process.on('SIGTERM', endAtOnce).on('SIGINT', endAtOnce);

console.log('Starting the database and Redis …');
const settings = readSettings(process.env);
const database = await openDatabase(settings);
await seedCatalogue(database);
const redis = await findRedis(settings.redisUrl);
const edgePort = settings.edgePort === 0 ? await freePort() : settings.edgePort;
const edge = edgePort === undefined ? undefined : varnish({ url: `http://127.0.0.1:${edgePort}` });
const cache = createCache({ redis: redis.url, prefix: 'point-of-sale:', edge });

const app = createApp({
  database: slowed(database, settings.queryDelayMs),
  cache,
  redis: redis.own,
  isBehindEdge: edge !== undefined,
});
const server = app.express.listen(settings.port, '127.0.0.1');
await once(server, 'listening').catch(explainPort);
await firstVerdict(cache);
const { port } = server.address() as AddressInfo;
const front = edgePort === undefined ? undefined : await PrivateVarnish.start(edgePort, port);
// The embedded database starts empty, so entries in Redis from an earlier start are wrong.
if (settings.databaseUrl === undefined) await cache.clear();

gracefulShutdown(server, {
  health: app.health,
  cache,
  drainDelay: 0, // no balancer stands before this app; yours needs a few seconds to notice
  onSignal: async () => {
    await database.close();
    await front?.stop();
    await redis.own?.stop();
  },
});
process.off('SIGTERM', endAtOnce).off('SIGINT', endAtOnce);
printBanner(front?.url ?? `http://127.0.0.1:${port}`);

function explainPort(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(`Port ${settings.port} is in use. For any free one: PORT=0 npm start`);
  process.exit(1);
}

/** The cache connects in the background; the banner waits a moment, so that it can tell what came of it. */
async function firstVerdict(watched: Cache): Promise<void> {
  if (watched.status().reason !== 'connecting') return;
  await new Promise<void>((resolve) => {
    watched.on('modechange', () => resolve());
    setTimeout(resolve, 1_000);
  });
}

function printBanner(url: string): void {
  console.log(`
The point-of-sale catalogue is at ${url} (open it in a browser)

  database  ${database.description}
  redis     ${redis.description}
  cache     ${cache.status().message}${front === undefined ? '' : `\n  edge      a private Varnish, in front of http://127.0.0.1:${port}`}

Try:
  curl -i ${url}/products/1
  curl -X PUT -H 'content-type: application/json' -d '{"price": 4.99}' ${url}/products/1/price
  curl ${url}/metrics
  open ${url}/health/ui
  curl ${url}/health
`);
}
