// Whole answers in the cache: one line for each route, and a visitor's own page that is kept apart.
import express from 'express';
import { cacheMiddleware, healthRouter } from 'express-cache-health';
import { responseCache } from 'express-cache-health/http-cache';

const caching = cacheMiddleware({ prefix: 'news:' });
const app = express();
app.use('/health', healthRouter({ database: async () => true, cache: caching }));
app.use(caching);

let renderings = 0;

/** The same page for everybody, in the language of the browser. */
app.get('/', responseCache({ ttl: '1m', grace: '1h', vary: 'accept-language' }), (req, res) => {
  renderings++;
  res.json({ greeting: req.acceptsLanguages('de') ? 'Guten Tag' : 'Good day', renderings });
});

/** A page of one visitor. Without `key` it would not be stored, because the handler reads the header. */
app.get('/mine', responseCache({ ttl: '10s', key: (req) => req.get('x-visitor') }), (req, res) => {
  renderings++;
  res.json({ visitor: req.get('x-visitor'), renderings });
});

/** The handler reads a cookie, so this answer is never stored. `Cache-Status` says so. */
app.get('/basket', responseCache({ ttl: '1m' }), (req, res) => {
  renderings++;
  res.json({ basket: req.headers.cookie ?? 'empty', renderings });
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
