import type { OutgoingHttpHeader } from 'node:http';
import type { Request, Response } from 'express';
import { isSameField } from '../rules/fields.js';
import {
  descriptorOf,
  isOfObjects,
  isOfOthers,
  replaceProperty,
  standIn,
  watchPrototype,
} from './inherited.js';

/** Gets what a handler reads of what middleware above may have given to this visitor. */
export interface GivenReads {
  note(name: string): void;
  /** It looked at all there is, and there was nothing. */
  sawNothing(): void;
}

/** Fields that describe an answer. Express, Node and middleware look at them to make it. */
const OF_THE_ANSWER = new Set(
  `cache-control connection content-encoding content-length content-type date etag expires last-modified pragma
  transfer-encoding vary`.split(/\s+/),
);

/** Methods that middleware above replaces or adds, and its loggers. */
const METHODS: readonly string[] = ['flush', 'log'];

/**
 * Tells of reads of what middleware above has put into a response for some visitors: `res.locals`, properties such as `res.user`,
 * and header fields. The returned function ends it.
 */
export function watchResponse(res: Response, reads: GivenReads): () => void {
  const note = (name: string): void => {
    if (!name.startsWith('_') && !METHODS.includes(name)) reads.note(`.res.${name}`);
  };
  const undo = [
    watchLocals(res, reads),
    ...givenNames(res).map((name) => watchProperty(res, name, note)),
    watchFields(res, reads),
    watchPrototype(res, (name, isThere) => {
      if (!isThere && isOfOthers(name)) note(name);
    }),
  ];
  return () => {
    for (const each of undo.reverse()) each();
  };
}

/** A GET has no body, so what is in it comes from middleware above. */
export function watchBody(req: Request, reads: GivenReads): () => void {
  const { body } = req;
  const isEmpty = isNothing(body);
  const get = (): unknown => {
    if (isEmpty) reads.sawNothing();
    else reads.note('.body');
    return body;
  };
  const set = (value: unknown): void => {
    Object.defineProperty(req, 'body', { ...PLAIN, value });
  };
  return Object.getOwnPropertyDescriptor(req, 'body')?.configurable === false
    ? () => {}
    : replaceProperty(req, 'body', { get, set });
}

/** Whether middleware above has given something to this visitor. */
export function hasGiven({ body }: Request, { locals }: Response): boolean {
  return !isNothing(body) || !isNothing(locals);
}

function isNothing(given: unknown): boolean {
  return (
    given === undefined ||
    given === null ||
    (typeof given === 'object' && Object.keys(given).length === 0)
  );
}

function watchLocals(res: Response, reads: GivenReads): () => void {
  const ofHandler = new Set<string | symbol>();
  const note = (name: string | symbol): void => {
    if (!ofHandler.has(name) && !isOfObjects(name)) reads.note(`.locals.${String(name)}`);
  };
  const locals: object = res.locals ?? {};
  const ownKeys = (): (string | symbol)[] => {
    const names = Reflect.ownKeys(locals);
    for (const name of names) note(name);
    if (names.every((name) => ofHandler.has(name))) reads.sawNothing();
    return names;
  };
  const proxied = standIn(locals, () => {
    ownKeys();
    return { ...locals };
  });
  const defineProperty = (_: object, name: string | symbol, by: PropertyDescriptor): boolean => {
    ofHandler.add(name);
    return Reflect.defineProperty(locals, name, by);
  };
  const proxy = new Proxy(proxied, {
    get: (_, name) => {
      note(name);
      return Reflect.get(locals, name);
    },
    has: (_, name) => {
      note(name);
      return Reflect.has(locals, name);
    },
    getOwnPropertyDescriptor: (_, name) => descriptorOf(locals, name),
    ownKeys,
    set: (_, name, value) => {
      ofHandler.add(name);
      return Reflect.set(locals, name, value);
    },
    defineProperty,
    deleteProperty: (_, name) => Reflect.deleteProperty(locals, name),
  });
  return replaceProperty(res, 'locals', { value: proxy, writable: true });
}

/** Properties that the response has, and that neither Node nor Express nor a method of theirs is. */
function givenNames(res: Response): string[] {
  const prototype: object = Object.getPrototypeOf(res);
  return Object.keys(res).filter((name) => {
    const { configurable } = Object.getOwnPropertyDescriptor(res, name) as PropertyDescriptor;
    return configurable === true && isOfOthers(name) && name !== 'locals' && !(name in prototype);
  });
}

function watchProperty(target: object, name: string, note: (name: string) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name) as PropertyDescriptor;
  const { get, set, value } = own;
  return replaceProperty(target, name, {
    get: () => {
      note(name);
      return get === undefined ? value : Reflect.apply(get, target, []);
    },
    set: (given: unknown) => {
      if (set === undefined) Object.defineProperty(target, name, { ...PLAIN, value: given });
      else Reflect.apply(set, target, [given]);
    },
  });
}

/** A field that the handler has set itself is its own. */
function watchFields(res: Response, reads: GivenReads): () => void {
  const { getHeader, getHeaders, hasHeader } = res;
  const given = new Map<string, OutgoingHttpHeader>();
  for (const [name, value] of Object.entries(getHeaders.call(res)))
    if (value !== undefined && !OF_THE_ANSWER.has(name)) given.set(name, value);
  if (given.size === 0) return () => {};
  const note = (name: string): void => {
    const value = getHeader.call(res, name);
    if (value !== undefined && isSameField(given.get(name), value)) reads.note(`.res.${name}`);
  };
  const noted =
    <Args extends [name: string], Result>(method: (...args: Args) => Result) =>
    (...args: Args): Result => {
      note(String(args[0]).toLowerCase());
      return Reflect.apply(method, res, args);
    };
  const undo = [
    replaceProperty(res, 'getHeader', { value: noted(getHeader), writable: true }),
    replaceProperty(res, 'hasHeader', { value: noted(hasHeader), writable: true }),
    replaceProperty(res, 'getHeaders', {
      value: () => {
        for (const name of given.keys()) note(name);
        return getHeaders.call(res);
      },
      writable: true,
    }),
  ];
  return () => {
    for (const each of undo) each();
  };
}

const PLAIN = { configurable: true, enumerable: true, writable: true } as const;
