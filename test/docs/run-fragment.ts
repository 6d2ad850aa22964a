// Runs a fragment of a document to its end, inside a request as it were: with `req.cache`, `cache`, and
// everything that the package exports.
import * as library from '../../lib/index.js';

const cache = library.createCache({ logger: false });
Object.assign(globalThis, library, { cache, req: { cache } });
void import(process.argv[2] as string).then(() => cache.close());
