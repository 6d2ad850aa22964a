import { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { inspect } from 'node:util';

/** What Express gives to each request. What depends on a header is noted when the header is read. */
const OF_EXPRESS =
  `accepts acceptsCharset acceptsCharsets acceptsEncoding acceptsEncodings acceptsLanguage
  acceptsLanguages fresh get header is param range stale xhr`.split(/\s+/);

/** What every object has, and what is read to find out whether it is a promise, or how it is written as JSON. */
const OF_OBJECTS = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then', 'toJSON']);

/** Without a connection. */
const REQUEST = new IncomingMessage(null as unknown as Socket);

/** Node also asks whether a stream is a response, or a request to another server. */
const OF_NODE = [
  ...[IncomingMessage, ServerResponse, ClientRequest, Duplex].flatMap(({ prototype }) =>
    chainOf(prototype),
  ),
  ...[REQUEST, new ServerResponse(REQUEST)],
].flatMap((each) => Object.getOwnPropertyNames(each));

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

/**
 * Stands for an object whose reads a proxy notes: Node looks past a proxy when it shows an object as text. Then it calls
 * `show`, which notes and returns what to show.
 */
export function standIn(object: object, show: () => object): object {
  const proxied: object = Object.create(Object.getPrototypeOf(object));
  return Object.defineProperty(proxied, inspect.custom, { configurable: true, value: show });
}

/** What a proxy of a stand-in says of a property: the stand-in has none, so it may not seem fixed. */
export function descriptorOf(
  object: object,
  name: string | symbol,
): PropertyDescriptor | undefined {
  const own = Object.getOwnPropertyDescriptor(object, name);
  return own && { ...own, configurable: true };
}

/** Replaces a property. The returned function undoes it, unless the handler has put something else in its place. */
export function replaceProperty(target: object, name: string, by: PropertyDescriptor): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { ...by, configurable: true, enumerable: true });
  return () => {
    const now = Object.getOwnPropertyDescriptor(target, name);
    if (now?.get !== by.get || now?.value !== by.value) return;
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}

/**
 * Tells of reads of what an object does not have itself, and whether its prototype has it. The returned function
 * ends it.
 */
export function watchPrototype(
  object: object,
  note: (name: string, isThere: boolean) => void,
): () => void {
  const prototype: object = Object.getPrototypeOf(object);
  const noteText = (name: string | symbol): void => {
    if (typeof name === 'string') note(name, name in prototype);
  };
  const watched = new Proxy(prototype, {
    get: (target, name, receiver) => {
      noteText(name);
      return Reflect.get(target, name, receiver);
    },
    has: (target, name) => {
      noteText(name);
      return Reflect.has(target, name);
    },
  });
  Object.setPrototypeOf(object, watched);
  // A mounted application gives a request and its response prototypes of its own.
  return () => {
    if (Object.getPrototypeOf(object) === watched) Object.setPrototypeOf(object, prototype);
  };
}

function chainOf(target: object): object[] {
  const chain: object[] = [];
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) chain.push(at);
  return chain;
}
