// Products from PostgreSQL, cached in Redis. DATABASE_URL, REDIS_URL and PORT choose where.
import express from 'express';
import { cacheMiddleware, gracefulShutdown, healthRouter } from 'express-cache-health';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
// A connection that breaks while it is idle must not end the process.
pool.on('error', (error) => console.error(`database: ${error.message}`));
await pool.query('create table if not exists products (id int primary key, name text, cents int)');
await pool.query(`insert into products values (1, 'Espresso', 240) on conflict do nothing`);

// A new process reads the hot products into memory before it is ready: an outage right after a deploy finds them.
const cache = cacheMiddleware({ prefix: 'products-api:', warm: true });
const health = healthRouter({ database: () => pool.query('select 1'), cache });

const app = express();
app.use('/health', health);
app.use(express.json());
app.use(cache);

app.get('/products/:id', async (req, res) => {
  const { id } = req.params;
  const product = await req.cache.getOrSet(`product:${id}`, async ({ setTtl }) => {
    const { rows } = await pool.query('select * from products where id = $1', [Number(id)]);
    // That there is no such product is an answer, too, but one for a short time.
    if (rows.length === 0) setTtl('10s');
    return rows[0] ?? null;
  });
  if (product === null) return res.status(404).json({ error: `there is no product ${id}` });
  res.json(product);
});

app.put('/products/:id', async (req, res) => {
  const { id } = req.params;
  await pool.query('update products set cents = $2 where id = $1', [Number(id), req.body.cents]);
  // After the change is committed: then no reader can cache the old row again.
  await req.cache.delete(`product:${id}`);
  res.status(204).end();
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/products/1`);
});
gracefulShutdown(server, { health, cache, onSignal: () => pool.end() });
