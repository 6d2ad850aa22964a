import type { ServerResponse } from 'node:http';
import { OF_THE_BODY } from '../rules/conditional.js';
import { type Fields, fieldsOf } from '../rules/fields.js';
import {
  bytesOf,
  callBack,
  type EndArguments,
  givenHeaders,
  headArguments,
  type WriteArguments,
} from './arguments.js';
import { Held } from './held.js';

/**
 * What becomes of an answer once its head is known.
 * - `keep`: it goes to the client, and its body is kept.
 * - `hold`: its body is kept, and nothing goes to the client until all of it is there and the listener has decided.
 * - `pass`: it goes to the client untouched.
 * - `withhold`: nothing of it reaches the client, which gets another answer.
 */
export type Ruling = 'keep' | 'hold' | 'pass' | 'withhold';

/** Gets the parts of an answer while its handler makes them. */
export interface AnswerListener {
  /** The head is about to be sent. `isUnchanged` may be set: the client gets 304 in place of the body. */
  head(answer: Head): Ruling;
  /**
   * The handler has called `end`, and the head's ruling was `keep` or `hold`. After `hold` the answer waits for the promise, and
   * the fields may still be changed.
   */
  ended(body: Buffer): void | Promise<void>;
  /** The body became too large, or its end will not come. */
  lost(reason: 'too-large' | 'incomplete'): void;
}

export interface Head {
  readonly status: number;
  readonly fields: Fields;
  isUnchanged: boolean;
}

interface Originals {
  readonly writeHead: ServerResponse['writeHead'];
  readonly write: ServerResponse['write'];
  readonly end: ServerResponse['end'];
  readonly flushHeaders: ServerResponse['flushHeaders'];
}

export interface CaptureOptions {
  readonly maxBytes: number;
  readonly listener: AnswerListener;
  /** Runs what middleware above this one does when parts of the answer pass it. */
  readonly outside: <T>(task: () => T) => T;
}

/**
 * Stands between a handler and its response.
 *
 * Invariants: the ruling comes before any byte is sent; each part goes on to the methods that were there before,
 * so middleware above works as without it; the wrappers stay, because what was wrapped later lies above them.
 */
export class Capture {
  readonly #res: ServerResponse;
  readonly #options: CaptureOptions;
  readonly #originals: Originals;
  #state: 'undecided' | 'kept' | 'held' | 'passed' | 'withheld' = 'undecided';
  /** Present while the answer is held. */
  #held: Held | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(res: ServerResponse, options: CaptureOptions) {
    this.#res = res;
    this.#options = options;
    const { writeHead, write, end, flushHeaders } = res;
    this.#originals = { writeHead, write, end, flushHeaders };
    res.writeHead = ((...args: unknown[]) => this.#writeHead(args)) as ServerResponse['writeHead'];
    res.write = ((...args: WriteArguments) => this.#write(args)) as ServerResponse['write'];
    res.end = ((...args: EndArguments) => this.#end(args)) as ServerResponse['end'];
    res.flushHeaders = () => this.#flushHeaders();
  }

  /** Whether the handler's answer is on its way to the client. */
  get isAnswering(): boolean {
    return this.#state === 'kept' || this.#state === 'held' || this.#state === 'passed';
  }

  /** Nothing of the answer has gone to the client. */
  get isUnsent(): boolean {
    return this.#state === 'undecided' || this.#state === 'held';
  }

  get isWithheld(): boolean {
    return this.#state === 'withheld';
  }

  /** The body is not kept any more. What the handler still sends goes to the client. */
  letPass(): void {
    if (this.#state === 'withheld') return;
    this.#state = 'passed';
    this.#chunks = [];
    const held = this.#held;
    this.#held = undefined;
    held?.release((name, args) => this.#forward(name, args));
  }

  /**
   * From now on the handler's parts go nowhere. Calls `answer` with the methods that lead to the client. Harmless
   * when the handler's answer is on its way.
   */
  replace(answer: (originals: Pick<ServerResponse, 'writeHead' | 'end'>) => void): void {
    if (this.isAnswering) return;
    this.#state = 'withheld';
    const { writeHead, end } = this.#originals;
    const res = this.#res;
    answer({
      writeHead: ((...args: unknown[]) => Reflect.apply(writeHead, res, args)) as typeof writeHead,
      end: ((...args: unknown[]) => Reflect.apply(end, res, args)) as typeof end,
    });
    // The handler may go on for some time.
    const ignore = (): ServerResponse => res;
    Object.assign(res, { setHeader: ignore, appendHeader: ignore, removeHeader: ignore });
  }

  #writeHead(args: unknown[]): ServerResponse {
    const res = this.#res;
    if (this.isWithheld || this.#held !== undefined) return res;
    if (this.#state !== 'undecided') return this.#forward('writeHead', args);
    const { status, headers } = headArguments(args);
    const given = givenHeaders(headers);
    const fields = new Map([...this.#options.outside(() => fieldsOf(res.getHeaders())), ...given]);
    const head: Head = { status, fields, isUnchanged: false };
    const ruling = this.#options.listener.head(head);
    if (ruling === 'withhold') {
      this.#state = 'withheld';
      return res;
    }
    const sent = (): unknown[] => (head.isUnchanged ? this.#notModified(given) : args);
    if (ruling === 'hold') {
      this.#state = 'held';
      this.#held = new Held(res, sent);
      return res;
    }
    this.#state = ruling === 'keep' ? 'kept' : 'passed';
    return this.#forward('writeHead', sent());
  }

  /** The arguments of a head without a body. The handler's fields that do not describe it stay. */
  #notModified(given: Fields): unknown[] {
    const res = this.#res;
    for (const [name, value] of given) res.setHeader(name, value as string);
    for (const name of OF_THE_BODY) res.removeHeader(name);
    res.statusCode = 304;
    res.statusMessage = '';
    return [304];
  }

  #write(args: WriteArguments): boolean {
    this.#decide();
    if (this.#state === 'withheld') {
      callBack(args);
      return true;
    }
    if (this.#state === 'held') {
      if (this.#held?.add('write', args) === true) this.#keep(bytesOf(args));
      callBack(args);
      return true;
    }
    if (this.#state === 'kept') this.#keep(bytesOf(args));
    return this.#forward('write', args);
  }

  #end(args: EndArguments): ServerResponse {
    if (this.#state === 'undecided') this.#sayLength(args);
    this.#decide();
    if (this.#state === 'withheld') {
      callBack(args);
      return this.#res;
    }
    if (this.#state === 'held') {
      if (this.#held?.add('end', args) !== true) return this.#res;
      this.#keep(bytesOf(args));
      if (this.#state === 'held') void this.#finishHeld();
      return this.#res;
    }
    if (this.#state === 'kept') {
      this.#keep(bytesOf(args));
      // Middleware above reads the request when the answer ends. That is not the handler.
      if (this.#state === 'kept') this.#finish();
    }
    return this.#forward('end', args);
  }

  #flushHeaders(): void {
    this.#decide();
    if (!this.isWithheld && this.#held === undefined) this.#forward('flushHeaders', []);
  }

  #finish(): void {
    const body = Buffer.concat(this.#chunks);
    this.letPass();
    void this.#options.listener.ended(body);
  }

  async #finishHeld(): Promise<void> {
    this.#held?.ended(() => this.#lose('incomplete'));
    await this.#options.listener.ended(Buffer.concat(this.#chunks));
    this.letPass();
  }

  /** A handler need not call `writeHead`. What was wrapped later is asked too. */
  #decide(): void {
    const res = this.#res;
    if (this.#state === 'undecided') res.writeHead(res.statusCode);
  }

  /** Node says the length of a body that is sent at once, unless the head was sent before. */
  #sayLength(args: EndArguments): void {
    const res = this.#res;
    const has = ['content-length', 'transfer-encoding', 'trailer'].some((each) =>
      res.hasHeader(each),
    );
    const { statusCode } = res;
    if (has || res.headersSent || statusCode < 200 || statusCode === 204 || statusCode === 304)
      return;
    res.setHeader('Content-Length', bytesOf(args)?.length ?? 0);
  }

  #keep(bytes: Buffer | undefined): void {
    if (bytes === undefined) return;
    this.#bytes += bytes.length;
    this.#chunks.push(bytes);
    if (this.#bytes <= this.#options.maxBytes) return;
    this.#lose('too-large');
  }

  #lose(reason: 'too-large' | 'incomplete'): void {
    // It changes the fields of an answer that is held.
    this.#options.listener.lost(reason);
    this.letPass();
  }

  #forward<Name extends keyof Originals>(
    name: Name,
    args: readonly unknown[],
  ): ReturnType<Originals[Name]> {
    const call = (): unknown => Reflect.apply(this.#originals[name], this.#res, args);
    return this.#options.outside(call) as ReturnType<Originals[Name]>;
  }
}
