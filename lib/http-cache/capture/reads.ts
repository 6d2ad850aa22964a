import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Request, Response } from 'express';

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

const OF_THE_SOCKET = ['remoteAddress', 'remotePort', 'remoteFamily'] as const;

/**
 * Notes what a handler reads of its request, so that an answer that depends on more than the key is not stored.
 * Invariant: after `restore()` the request is as it was.
 */
export class Reads {
  /** What was read: names of headers in lower case, and of properties with a dot before them. */
  readonly names: Set<string> = new Set();
  readonly #undo: (() => void)[] = [];
  /** While it is above 0, reads do not count. */
  #muted = 0;

  constructor(req: Request, res?: Response) {
    this.#watchHeaders(req);
    for (const name of GETTERS) this.#watch(req, name, `.${name}`);
    for (const name of COVERED_GETTERS) this.#watch(req, name, undefined);
    for (const name of Object.keys(req)) {
      if (!COVERED.has(name) && !name.startsWith('_')) this.#watch(req, name, `.${name}`);
    }
    this.#watchSocket(req.socket);
    if (res !== undefined) this.#watchLocals(res);
  }

  restore(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
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
    if (own?.configurable === false) return;
    const read = own?.get ?? inherited(target, name)?.get;
    let value: unknown = own?.value;
    this.#replace(target, name, {
      get: () => {
        if (as !== undefined) this.#note(as);
        return read === undefined ? value : this.muted(() => Reflect.apply(read, target, []));
      },
      set: (given: unknown) => {
        if (own?.set !== undefined) Reflect.apply(own.set, target, [given]);
        else value = given;
        if (own !== undefined && 'value' in own) own.value = given;
      },
    });
  }

  /** A connection answers one request at a time, so its address is read for this one. */
  #watchSocket(socket: Socket | undefined): void {
    if (socket === undefined) return;
    for (const name of OF_THE_SOCKET) this.#watch(socket, name, '.ip');
  }

  /** What middleware above put into `res.locals`. */
  #watchLocals(res: Response): void {
    const { locals } = res;
    const given = new Set<string | symbol>(Reflect.ownKeys(locals ?? {}));
    if (given.size === 0) return;
    const note = (name: string | symbol): void => {
      if (given.has(name)) this.#note(`.locals.${String(name)}`);
    };
    const proxy = new Proxy(locals, {
      get: (target, name) => {
        note(name);
        return Reflect.get(target, name);
      },
      ownKeys: (target) => {
        for (const name of given) note(name);
        return Reflect.ownKeys(target);
      },
    });
    this.#replace(res, 'locals', { value: proxy, writable: true });
  }

  #replace(target: object, name: string, by: PropertyDescriptor): void {
    const own = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { ...by, configurable: true, enumerable: true });
    this.#undo.push(() => {
      if (own === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, own);
    });
  }
}

function isHidden(name: string | symbol): boolean {
  return typeof name === 'string' && HIDDEN.includes(name);
}

function inherited(target: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
