// Groups of values: a change of a category removes what was made of it, however many values that are.
import express from 'express';
import { cacheMiddleware, healthRouter } from 'express-cache-health';

const categories = new Map([
  [1, 'Coffee'],
  [2, 'Tea'],
]);
const products = [
  { id: 1, name: 'Espresso', category: 1 },
  { id: 2, name: 'Lungo', category: 1 },
  { id: 3, name: 'Sencha', category: 2 },
];
let loads = 0;

const caching = cacheMiddleware({ prefix: 'shop:' });
const app = express();
app.use('/health', healthRouter({ database: async () => true, cache: caching }));
app.use(caching);
app.use(express.json());

app.get('/products/:id', async (req, res) => {
  const id = Number(req.params.id);
  const product = await req.cache.getOrSet(
    `product:${id}`,
    ({ setTags }) => {
      loads++;
      const row = products.find((each) => each.id === id);
      // Only the loader knows the category.
      if (row !== undefined) setTags([`category:${row.category}`]);
      return row && { ...row, category: categories.get(row.category) };
    },
    { tags: ['products'] },
  );
  if (product === undefined) res.status(404).json({ error: 'there is no such product' });
  else res.json({ ...product, loads });
});

/** First the database, then the cache. */
app.put('/categories/:id', async (req, res) => {
  const id = Number(req.params.id);
  categories.set(id, req.body.name);
  res.json({ result: await req.cache.invalidateTags([`category:${id}`]) });
});

/** A new price list: every product goes. */
app.post('/import', async (req, res) => {
  res.json({ result: await req.cache.invalidateTags(['products']) });
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/products/1`);
});
