// Runs a fragment of a document to its end, inside a request as it were: with `req.cache`, `cache`, and
// everything that the package exports.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import * as library from '../../lib/index.js';

const cache = library.createCache({ logger: false });
const res = new ServerResponse(new IncomingMessage(new Socket()));
Object.assign(globalThis, library, { cache, req: { cache }, res });
void import(process.argv[2] as string).then(() => cache.close());
