// Other people's middleware above and below responseCache(), on Express 4 and 5: `npm run test:middleware`. Every answer
// must be right, and every set-up above the cache must still cache.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const { cacheMiddleware, createCache } = require('../../dist/index.js');
const { responseCache } = require('../../dist/http-cache.js');
const SELF = fileURLToPath(import.meta.url);
const FILE = readFileSync(SELF, 'utf8');
const WAIT_MS = 5_000;

const session = (saveUninitialized) =>
  require('express-session')({ secret: 'not one', resave: false, saveUninitialized });
const passport = require('passport');

const SETUPS = {
  compression: () => [require('compression')({ threshold: 0 })],
  helmet: () => [require('helmet')()],
  cors: () => [require('cors')()],
  'cors, reflected': () => [require('cors')({ origin: true })],
  morgan: () => [require('morgan')('combined', { stream: { write() {} } })],
  'express-session, eager': () => [session(true)],
  'express-session, lazy': () => [session(false)],
  'cookie-parser': () => [require('cookie-parser')()],
  'cookie-session': () => [require('cookie-session')({ keys: ['not one'] })],
  'response-time': () => [require('response-time')()],
  'express-rate-limit': () => [require('express-rate-limit').rateLimit({ limit: 1_000 })],
  'express-slow-down': () => [
    require('express-slow-down').slowDown({ delayAfter: 1_000, delayMs: () => 1 }),
  ],
  'connect-timeout': () => [require('connect-timeout')('5s')],
  'pino-http': () => [require('pino-http')({ enabled: false })],
  'body-parser': () => [require('body-parser').json()],
  'method-override': () => [require('method-override')()],
  hpp: () => [require('hpp')()],
  passport: () => [session(false), passport.initialize(), passport.session()],
  multer: () => [require('multer')().none()],
  'serve-static': () => [require('serve-static')(fileURLToPath(new URL('.', import.meta.url)))],
  'express-http-context': () => [require('express-http-context').middleware],
  'on-finished and on-headers': () => [
    (_req, res, next) => {
      require('on-headers')(res, () => res.setHeader('X-Headed', '1'));
      require('on-finished')(res, () => {});
      next();
    },
  ],
  csurf: () => [
    require('cookie-parser')(),
    require('csurf')({ cookie: true, ignoreMethods: ['GET', 'HEAD', 'OPTIONS', 'POST'] }),
  ],
  'csrf-csrf': () => [
    require('cookie-parser')(),
    require('csrf-csrf').doubleCsrf({
      getSecret: () => 'not one',
      getSessionIdentifier: () => 'one',
      ignoredMethods: ['GET', 'HEAD', 'OPTIONS', 'POST'],
    }).doubleCsrfProtection,
  ],
  'swagger-ui-express': () => {
    const { serve, setup } = require('swagger-ui-express');
    const router = require('express').Router();
    router.use('/docs', ...serve, setup({ openapi: '3.0.0', info: { title: 'a', version: '1' } }));
    return [router];
  },
  'express-winston': () => [
    require('express-winston').logger({
      transports: [new (require('winston').transports.Console)({ silent: true })],
    }),
  ],
  'express-prom-bundle': () => [
    require('express-prom-bundle')({
      includeMethod: true,
      includePath: true,
      promRegistry: new (require('prom-client').Registry)(),
    }),
  ],
};

process.removeAllListeners('warning');
process.on('warning', () => {});
for (const framework of ['express4', 'express']) {
  const found = { wrong: 0, above: 0, below: 0 };
  for (const place of ['above', 'below'])
    for (const name of Object.keys(SETUPS)) {
      const { wrong, isCaching, reasons } = await judge(framework, place, SETUPS[name]());
      if (isCaching) found[place]++;
      else if (place === 'above') wrong.push(`does not cache: ${JSON.stringify(reasons)}`);
      if (wrong.length === 0) continue;
      found.wrong++;
      console.log(`${framework}, ${name} ${place}: ${wrong.slice(0, 4).join(' · ')}`);
    }
  const total = Object.keys(SETUPS).length;
  console.log(
    `${framework}: ${found.wrong} of ${2 * total} wrong · caching: above ${found.above} of ${total}, below ${found.below}`,
  );
  if (found.wrong > 0) process.exitCode = 1;
}

async function judge(framework, place, middleware) {
  const cache = createCache({ redis: false, logger: false, memory: { max: 1_000 } });
  const cached = responseCache({ ttl: '1m' });
  const order = place === 'above' ? [...middleware, cached] : [cached, ...middleware];
  const runs = { json: 0 };
  const app = require(framework)().set('env', 'test');
  app.use(cacheMiddleware(cache), ...order);
  addRoutes(app, runs);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wrong = [];
  try {
    await compare((path, how) => ask(server.address().port, path, how), wrong);
  } catch (error) {
    wrong.push(String(error));
  }
  server.closeAllConnections();
  server.close();
  await cache.close();
  return { wrong, isCaching: runs.json <= 2, reasons: cached.counts().notStored };
}

function addRoutes(app, runs) {
  app.get('/json', (_req, res) => {
    runs.json++;
    res.json({ a: 'x'.repeat(3_000) });
  });
  app.get('/stream', (_req, res) => Readable.from(['a'.repeat(2_000), 'b']).pipe(res.type('text')));
  app.get('/file', (_req, res) => res.sendFile(SELF));
  // Reads what it does not declare.
  app.get('/who', ({ headers }, res) =>
    res.send(`${headers.cookie} ${headers['accept-language']}`),
  );
  app.get('/events', (_req, res) => {
    res.type('text/event-stream').write('data: 1\n\n');
    setTimeout(() => res.end('data: 2\n\n'), 5);
  });
  app.get('/error', (_req, _res, next) => next(new Error('broken')));
  app.post('/json', (_req, res) => res.send('posted'));
  app.use((_error, _req, res, _next) => res.status(500).send('broken'));
}

async function compare(get, wrong) {
  const expect = (what, real, wanted) => {
    if (JSON.stringify(real) !== JSON.stringify(wanted)) wrong.push(what);
  };
  for (const headers of [{}, {}, { 'accept-encoding': 'gzip' }, { 'accept-encoding': 'gzip' }]) {
    const bodyOf = async (path) => (await get(path, { headers })).body;
    expect('json', await bodyOf('/json'), JSON.stringify({ a: 'x'.repeat(3_000) }));
    expect('stream', await bodyOf('/stream'), `${'a'.repeat(2_000)}b`);
    expect('file', await bodyOf('/file'), FILE);
    expect('events', await bodyOf('/events'), 'data: 1\n\ndata: 2\n\n');
    const { status, body } = await get('/error', { headers });
    expect('error', [status, body], [500, 'broken']);
  }
  const { etag } = (await get('/json')).headers;
  for (let i = 0; i < 2; i++)
    expect('304', (await get('/json', { headers: { 'if-none-match': etag } })).status, 304);
  const head = await get('/json', { method: 'HEAD' });
  expect('HEAD', [head.status, head.body], [200, '']);
  for (const id of ['a', 'b']) {
    const headers = { cookie: `sid=${id}`, 'accept-language': id };
    expect('isolation', (await get('/who', { headers })).body, `sid=${id} ${id}`);
  }
  expect('POST', (await get('/json', { method: 'POST' })).body, 'posted');
}

function ask(port, path, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false };
    const asked = request(options, async (res) => {
      const bytes = Buffer.concat(await res.toArray());
      const isZipped = res.headers['content-encoding'] === 'gzip' && bytes.length > 0;
      const body = String(isZipped ? gunzipSync(bytes) : bytes);
      resolve({ status: res.statusCode, headers: res.headers, body });
    });
    asked.setTimeout(WAIT_MS, () => asked.destroy(new Error(`${path} hangs`)));
    asked.on('error', reject).end();
  });
}
