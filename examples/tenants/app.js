// Many tenants in one cache: one connection to Redis, and keys of its own for each tenant.
import express from 'express';
import { cacheMiddleware, healthRouter } from 'express-cache-health';

const caching = cacheMiddleware({ prefix: 'crm:' });
const app = express();
app.use('/health', healthRouter({ database: async () => true, cache: caching }));
app.use(caching);

/** In your application the tenant comes from the session or the token, never from what the client may choose. */
app.use((req, res, next) => {
  const tenant = req.get('x-tenant') ?? '';
  if (tenant === '' || tenant.length > 100) {
    res.status(400).json({ error: 'which tenant?' });
    return;
  }
  // Whatever characters a name has, it reaches no keys but its own.
  req.tenant = { name: tenant, cache: req.cache.namespace(`tenant:${tenant}`, { ttl: '10m' }) };
  next();
});

let loads = 0;

app.get('/customers', async (req, res) => {
  const { name, cache } = req.tenant;
  const customers = await cache.getOrSet('customers', async () => {
    loads++;
    return [`the first customer of ${name}`];
  });
  res.json({ customers, loads });
});

/** A tenant leaves, or its data were imported again: everything of that tenant goes, in one round trip. */
app.delete('/cache', async (req, res) => {
  await req.tenant.cache.clear();
  res.status(204).end();
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/customers`);
});
