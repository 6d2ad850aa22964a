// A CDN as the third tier. This one only prints what the cache asks of it; in production write varnish({ url }),
// fastly({ service, key }), cloudflare({ zone, token }) or bunny({ pullZone, key }) in its place.
import express from 'express';
import { cacheMiddleware, healthRouter } from 'express-cache-health';
import { custom, responseCache } from 'express-cache-health/http-cache';

const edge = custom({
  name: 'printer',
  header: 'Surrogate-Key',
  separator: ' ',
  purge: (tags, { soft }) => console.log(`purge ${soft ? 'softly' : 'hard'}: ${tags.join(' ')}`),
});

const caching = cacheMiddleware({ prefix: 'cdn:', edge });
const app = express();
app.use('/health', healthRouter({ database: async () => true, cache: caching }));
app.use(caching);

const prices = new Map([['1', 10]]);

/** The CDN keeps it for an hour, with the tag `price-1` of the value that it was made of. */
app.get(
  '/prices/:id',
  responseCache({ ttl: '1m', grace: '1h', edgeTtl: '1h' }),
  async (req, res) => {
    const { id } = req.params;
    const price = await req.cache.getOrSet(`price:${id}`, () => prices.get(id) ?? null);
    res.status(price === null ? 404 : 200).json({ price });
  },
);

/** The page leaves the CDN because the value that it was made of is deleted. */
app.delete('/prices/:id', async (req, res) => {
  prices.delete(req.params.id);
  await req.cache.delete(`price:${req.params.id}`);
  res.sendStatus(204);
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/prices/1`);
});
