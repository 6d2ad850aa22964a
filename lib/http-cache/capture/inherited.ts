import { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** What Express gives to each request. What depends on a header is noted when the header is read. */
const OF_EXPRESS =
  `accepts acceptsCharset acceptsCharsets acceptsEncoding acceptsEncodings acceptsLanguage
  acceptsLanguages fresh get header is param range stale xhr`.split(/\s+/);

/** What every object has, and what is read to find out whether it is a promise, or how it is written as JSON. */
const OF_OBJECTS = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then', 'toJSON']);

/** Node also asks whether a stream is a response, or a request to another server. */
const OF_NODE = [IncomingMessage, ServerResponse, ClientRequest, Duplex]
  .flatMap(({ prototype }) => chainOf(prototype))
  .flatMap((each) => Object.getOwnPropertyNames(each));

const KNOWN = new Set([...OF_OBJECTS, ...OF_EXPRESS, ...OF_NODE]);

/**
 * Whether a property that a request does not have itself belongs neither to Node nor to Express: the application has added
 * it to all requests, or middleware gives it to those of some visitors, such as `req.user`.
 */
export function isOfOthers(name: string): boolean {
  return !KNOWN.has(name);
}

/** Whether any object may be asked for it. */
export function isOfObjects(name: string | symbol): boolean {
  return typeof name === 'symbol' || OF_OBJECTS.has(name);
}

/** The descriptor of a property, wherever in the chain it is. */
export function inherited(target: object, name: string): PropertyDescriptor | undefined {
  for (const at of chainOf(target)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function chainOf(target: object): object[] {
  const chain: object[] = [];
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) chain.push(at);
  return chain;
}
