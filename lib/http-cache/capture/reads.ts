import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { type GivenReads, watchBody, watchResponse } from './given.js';
import {
  descriptorOf,
  inherited,
  isOfOthers,
  replaceProperty,
  standIn,
  watchPrototype,
} from './inherited.js';
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
  /** `res.locals` was read as a whole, as a template does, or `req.body`, and middleware above had put nothing there. */
  sawNothingGiven = false;
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
    this.#watchGiven(req, res);
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
    const proxied = standIn(headers, () => {
      this.#note('.headers');
      return { ...headers };
    }) as IncomingHttpHeaders;
    const proxy = new Proxy<IncomingHttpHeaders>(proxied, {
      get: (_, name) => {
        this.#noteHeader(name);
        return isSeen(name) ? Reflect.get(headers, name) : undefined;
      },
      has: (_, name) => {
        this.#noteHeader(name);
        return isSeen(name) && Reflect.has(headers, name);
      },
      getOwnPropertyDescriptor: (_, name) => {
        this.#noteHeader(name);
        return descriptorOf(headers, name);
      },
      ownKeys: () => {
        this.#note('.headers');
        return Reflect.ownKeys(headers);
      },
      set: (_, name, value) => Reflect.set(headers, name, value),
      defineProperty: (_, name, descriptor) => Reflect.defineProperty(headers, name, descriptor),
      deleteProperty: (_, name) => Reflect.deleteProperty(headers, name),
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
    const note = (name: string): void => {
      if (!isCovered(name) && isOfOthers(name)) this.#note(`.${name}`);
    };
    this.#undo.push(watchPrototype(req, note));
  }

  /** What middleware above has put into the response or the body. */
  #watchGiven(req: Request, res: Response | undefined): void {
    const reads: GivenReads = {
      note: (name) => this.#note(name),
      sawNothing: () => {
        if (this.#muted === 0) this.sawNothingGiven = true;
      },
    };
    this.#undo.push(watchBody(req, reads));
    if (res !== undefined) this.#undo.push(watchResponse(res, reads));
  }

  #replace(target: object, name: string, by: PropertyDescriptor): void {
    this.#undo.push(replaceProperty(target, name, by));
  }
}

const PLAIN = { configurable: true, enumerable: true, writable: true } as const;

function isCovered(name: string): boolean {
  return COVERED.has(name) || name.startsWith('_');
}

function isHidden(name: string | symbol): boolean {
  return typeof name === 'string' && HIDDEN.includes(name);
}
