import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { inherited, isOfObjects, isOfOthers } from './inherited.js';
import { watchSocket } from './socket-reads.js';

/** Headers whose absence or value the cache answers for itself while a handler runs. */
const HIDDEN: readonly string[] = ['if-none-match', 'if-modified-since'];

/** Reading these tells nothing of the visitor: a request that has them is not stored, or they concern this hop. */
const HARMLESS = new Set([
  ...HIDDEN,
  'if-range',
  'if-match',
  'if-unmodified-since',
  'range',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
]);

/** Properties that belong to Node or Express, or that the URL decides. */
const COVERED = new Set(
  `aborted app baseUrl body cache client complete destroyed domain headers host hostname
  httpVersion httpVersionMajor httpVersionMinor joinDuplicateHeaders log method next originalUrl params path
  protocol query readable res route secure socket statusCode statusMessage subdomains trailers upgrade url`.split(
    /\s+/,
  ),
);

/** Getters of Express and Node whose values depend on headers or on the connection. */
const GETTERS = ['ip', 'ips', 'headersDistinct'] as const;

/** Getters that the key covers: reading them must not count as reading the headers behind them. */
const COVERED_GETTERS = ['hostname', 'host', 'protocol', 'secure', 'subdomains'] as const;

/**
 * Notes what a handler reads of its request, so that an answer that depends on more than the key is not stored.
 * Invariant: after `restore()` the request is as it was.
 */
export class Reads {
  /** What was read: names of headers in lower case, and of properties with a dot before them. */
  readonly names: Set<string> = new Set();
  /** `res.locals` was read as a whole, as a template does, and middleware above had put nothing there. */
  sawNoLocals = false;
  readonly #undo: (() => void)[] = [];
  readonly #isOfHandler: boolean;
  /** Properties whose reads cannot be noticed. */
  readonly #hidden = new Set<string | symbol>();
  /** While it is above 0, reads do not count. */
  #muted = 0;

  /** Without `res` it is the `key` of the route that reads. */
  constructor(req: Request, res?: Response) {
    this.#isOfHandler = res !== undefined;
    this.#watchHeaders(req);
    for (const name of GETTERS) this.#watch(req, name, `.${name}`);
    for (const name of COVERED_GETTERS) this.#watch(req, name, undefined);
    for (const name of Object.getOwnPropertyNames(req)) {
      if (!isCovered(name)) this.#watch(req, name, `.${name}`);
    }
    this.#watchInherited(req);
    this.#undo.push(watchSocket(req.socket, (name) => this.#note(name)));
    if (res !== undefined) this.#watchLocals(res);
  }

  restore(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  /** The request as `key` gets it: here also reads that cannot be noticed otherwise are. */
  viewOf(req: Request): Request {
    if (this.#hidden.size === 0) return req;
    return new Proxy(req, {
      get: (target, name) => {
        if (this.#hidden.has(name)) this.#note(`.${String(name)}`);
        return Reflect.get(target, name, target);
      },
    });
  }

  /** What middleware around the handler reads in the meantime does not count. */
  muted<T>(task: () => T): T {
    this.#muted++;
    try {
      return task();
    } finally {
      this.#muted--;
    }
  }

  #note(name: string): void {
    if (this.#muted === 0) this.names.add(name);
  }

  #watchHeaders(req: Request): void {
    const { headers } = req;
    const isSeen = (name: string | symbol): boolean => this.#muted > 0 || !isHidden(name);
    const proxy = new Proxy<IncomingHttpHeaders>(headers, {
      get: (target, name) => {
        this.#noteHeader(name);
        return isSeen(name) ? Reflect.get(target, name) : undefined;
      },
      has: (target, name) => {
        this.#noteHeader(name);
        return isSeen(name) && Reflect.has(target, name);
      },
      getOwnPropertyDescriptor: (target, name) => {
        this.#noteHeader(name);
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
      ownKeys: (target) => {
        this.#note('.headers');
        return Reflect.ownKeys(target);
      },
    });
    this.#replace(req, 'headers', { value: proxy, writable: true });
  }

  #noteHeader(name: string | symbol): void {
    if (typeof name === 'string' && !HARMLESS.has(name.toLowerCase()))
      this.#note(name.toLowerCase());
  }

  /** `as`: the name to note; absent: the key covers the property. */
  #watch(target: object, name: string, as: string | undefined): void {
    if (!(name in target)) return;
    const own = Object.getOwnPropertyDescriptor(target, name);
    if (own?.configurable === false) {
      // A doubt means no: the handler may read it.
      this.#hidden.add(name);
      if (as !== undefined && this.#isOfHandler) this.#note(as);
      return;
    }
    const there = own ?? inherited(target, name);
    const read = there?.get;
    let value: unknown = there?.value;
    this.#replace(target, name, {
      get: () => {
        if (as !== undefined) this.#note(as);
        return read === undefined ? value : this.muted(() => Reflect.apply(read, target, []));
      },
      set: (given: unknown) => {
        if (there?.set !== undefined) Reflect.apply(there.set, target, [given]);
        else if (own === undefined) Object.defineProperty(target, name, { ...PLAIN, value: given });
        else value = given;
        if (own !== undefined && 'value' in own) own.value = given;
      },
    });
  }

  /** What the request does not have itself is looked up in its prototype. */
  #watchInherited(req: Request): void {
    const prototype: object = Object.getPrototypeOf(req);
    const note = (name: string | symbol): void => {
      if (typeof name === 'string' && !isCovered(name) && isOfOthers(name)) this.#note(`.${name}`);
    };
    const watched = new Proxy(prototype, {
      get: (target, name, receiver) => {
        note(name);
        return Reflect.get(target, name, receiver);
      },
      has: (target, name) => {
        note(name);
        return Reflect.has(target, name);
      },
    });
    Object.setPrototypeOf(req, watched);
    // A mounted application gives the request a prototype of its own.
    this.#undo.push(() => {
      if (Object.getPrototypeOf(req) === watched) Object.setPrototypeOf(req, prototype);
    });
  }

  /** What middleware above put into `res.locals`, for each visitor or for some. */
  #watchLocals(res: Response): void {
    const ofHandler = new Set<string | symbol>();
    const note = (name: string | symbol): void => {
      if (!ofHandler.has(name) && !isOfObjects(name)) this.#note(`.locals.${String(name)}`);
    };
    const proxy = new Proxy(res.locals ?? {}, {
      get: (target, name) => {
        note(name);
        return Reflect.get(target, name);
      },
      has: (target, name) => {
        note(name);
        return Reflect.has(target, name);
      },
      ownKeys: (target) => {
        const names = Reflect.ownKeys(target);
        for (const name of names) note(name);
        if (names.every((name) => ofHandler.has(name))) this.sawNoLocals = true;
        return names;
      },
      defineProperty: (target, name, descriptor) => {
        ofHandler.add(name);
        return Reflect.defineProperty(target, name, descriptor);
      },
    });
    this.#replace(res, 'locals', { value: proxy, writable: true });
  }

  /** What the handler puts in its place stays. */
  #replace(target: object, name: string, by: PropertyDescriptor): void {
    const own = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { ...by, configurable: true, enumerable: true });
    this.#undo.push(() => {
      const now = Object.getOwnPropertyDescriptor(target, name);
      if (now?.get !== by.get || now?.value !== by.value) return;
      if (own === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, own);
    });
  }
}

const PLAIN = { configurable: true, enumerable: true, writable: true } as const;

function isCovered(name: string): boolean {
  return COVERED.has(name) || name.startsWith('_');
}

function isHidden(name: string | symbol): boolean {
  return typeof name === 'string' && HIDDEN.includes(name);
}
