// The same in CommonJS on Express 4, which does not catch what an async handler throws: `wrap` does.
const express = require('express');
const { cacheMiddleware, healthRouter } = require('express-cache-health');

const prices = { espresso: 240, cappuccino: 380 };
const findPrice = async (name) => {
  if (prices[name] === undefined) throw new Error(`there is no ${name}`);
  return prices[name];
};

const wrap = (handler) => (req, res, next) => {
  handler(req, res, next).catch(next);
};

const cache = cacheMiddleware({ prefix: 'prices-api:' });
const app = express();
app.use('/health', healthRouter({ database: async () => true, cache }));
app.use(cache);

app.get(
  '/prices/:name',
  wrap(async (req, res) => {
    const { name } = req.params;
    res.json(await req.cache.getOrSet(`price:${name}`, () => findPrice(name), { ttl: '1m' }));
  }),
);

app.use((error, _req, res, _next) => {
  res.status(error.statusCode ?? 404).json({ error: error.message });
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/prices/espresso`);
});
