import { fileURLToPath } from 'node:url';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
} from 'express';
import { type Cache, cacheMiddleware, type HealthRouter, healthRouter } from 'express-cache-health';
import { responseCache } from 'express-cache-health/http-cache';
import { collectCacheMetrics, metricsRouter } from 'express-cache-health/prometheus';
import { type BreakableRedis, redisButtons } from './break-redis.js';
import { type Catalogue, createCatalogue } from './catalogue.js';
import type { Database } from './database.js';

export interface App {
  readonly express: Express;
  readonly health: HealthRouter;
}

export interface AppParts {
  readonly database: Database;
  readonly cache: Cache;
  /** The Redis that the page may break. */
  readonly redis?: BreakableRedis | undefined;
  /** Whether the cache has an edge, so that whole answers are cached as well. */
  readonly isBehindEdge?: boolean;
}

/** The page at `/`, plain HTML and a script. */
const PAGE = fileURLToPath(new URL('../public', import.meta.url));

export function createApp({ database, cache, redis, isBehindEdge = false }: AppParts): App {
  const app = express();
  const health = healthRouter({ database: database.ping, cache, ui: true });
  app.disable('x-powered-by');
  app.use('/health', health);
  collectCacheMetrics({ cache, health });
  app.use('/metrics', metricsRouter());
  app.use(express.static(PAGE));
  app.use('/redis', redisButtons(redis));
  app.use(express.json());
  app.use(cacheMiddleware(cache, { cacheStatus: true }));
  // What the edge keeps of the products it drops when a price changes.
  if (isBehindEdge) app.use('/products', responseCache({ ttl: '1m', grace: '1h', edgeTtl: '1h' }));
  mountCatalogue(app, createCatalogue(database));
  app.use(notFound, reportError);
  return { express: app, health };
}

function mountCatalogue(app: Express, catalogue: Catalogue): void {
  app.get('/products', async (req, res) => {
    res.json(await req.cache.getOrSet('products', () => catalogue.list()));
  });

  app.get('/products/:id', async (req, res) => {
    const id = productId(req);
    const product = await req.cache.getOrSet(`product:${id}`, () => catalogue.find(id));
    if (product === undefined) throw new HttpError(404, `there is no product ${id}`);
    res.json(product);
  });

  app.put('/products/:id/price', async (req, res) => {
    const id = productId(req);
    const product = await catalogue.setPrice(id, newPrice(req));
    if (product === undefined) throw new HttpError(404, `there is no product ${id}`);
    // The database first, then the cache, so that every later request sees the new price.
    await Promise.all([req.cache.delete(`product:${id}`), req.cache.delete('products')]);
    res.json(product);
  });
}

class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function productId(req: Request): number {
  const text = String(req.params.id);
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new HttpError(400, `a product id is a whole number from 1, got '${text}'`);
}

function newPrice(req: Request): number {
  const price: unknown = req.body?.price;
  if (typeof price === 'number' && price >= 0.01 && price <= 1_000_000 && isCents(price)) {
    return price;
  }
  throw new HttpError(400, 'send JSON such as {"price": 4.99}: 0.01 to 1000000, whole cents');
}

function isCents(price: number): boolean {
  return Math.abs(price * 100 - Math.round(price * 100)) < 1e-6;
}

const notFound: RequestHandler = (req) => {
  throw new HttpError(404, `there is nothing at ${req.method} ${req.path}`);
};

const reportError: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
  if (status >= 500) console.error(error);
  const message = status >= 500 ? 'something went wrong here; see the log' : error.message;
  res.status(status).json({ error: message });
};
