// Runs a fragment of a document to its end, inside a request as it were: with `req.cache` and `cache`.
import { createCache } from '../../lib/index.js';

const cache = createCache({ logger: false });
Object.assign(globalThis, { cache, req: { cache } });
await import(process.argv[2] as string);
await cache.close();
