// Many tenants in one cache: one connection to Redis, and the tenant is a part of every key.
import express from 'express';
import { cacheMiddleware, healthRouter } from 'express-cache-health';

const caching = cacheMiddleware({ prefix: 'crm:' });
const app = express();
app.use('/health', healthRouter({ database: async () => true, cache: caching }));
app.use(caching);

/** In your application the tenant comes from the session or the token, never from what the client may choose. */
const tenantOf = (req) => {
  const tenant = req.get('x-tenant') ?? '';
  // `*` and `:` in a name would reach the keys of other tenants.
  if (!/^[a-z0-9-]{1,32}$/.test(tenant))
    throw Object.assign(new Error('which tenant?'), { status: 400 });
  return tenant;
};

let loads = 0;

app.get('/customers', async (req, res) => {
  const tenant = tenantOf(req);
  const customers = await req.cache.getOrSet(`tenant:${tenant}:customers`, async () => {
    loads++;
    return [`the first customer of ${tenant}`];
  });
  res.json({ customers, loads });
});

/** A tenant leaves, or its data were imported again: everything of that tenant goes, nothing else. */
app.delete('/cache', async (req, res) => {
  await req.cache.clear(`tenant:${tenantOf(req)}:*`);
  res.status(204).end();
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/customers`);
});
