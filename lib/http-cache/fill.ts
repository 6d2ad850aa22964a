import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { systemClock } from '../core/time/clock.js';
import type { RawText } from '../entry/raw-text.js';
import { type AnswerListener, Capture, type Head, type Ruling } from './capture/capture.js';
import { Reads } from './capture/reads.js';
import type { ResponseCacheConfig } from './options.js';
import { answerText, etagOf } from './record.js';
import type { Report } from './report.js';
import { cacheStatus } from './rules/cache-status.js';
import { isUnchanged } from './rules/conditional.js';
import { type Fields, fieldsOf, fieldText, keptFields } from './rules/fields.js';
import type { NotStored } from './rules/not-stored.js';
import { decide, type Verdict } from './rules/policy.js';
import { varyNames } from './rules/vary.js';

/** How a run of a handler ended for the cache. */
export type FillOutcome =
  | {
      readonly kind: 'stored';
      readonly text: RawText;
      readonly ttlMs: number;
      readonly vary: readonly string[];
    }
  | { readonly kind: 'pass'; readonly reason: NotStored }
  /** The answer was an error, and nothing of it reached the client. */
  | { readonly kind: 'failed'; readonly status: number };

export interface FillOptions {
  readonly req: Request;
  readonly res: Response;
  readonly config: ResponseCacheConfig;
  readonly report: Report;
  /** What the key covers beside the URL: names as in `Reads`. */
  readonly covered: ReadonlySet<string>;
  /** There is a stale answer to serve in place of an error. */
  readonly hasStale: boolean;
  /** Why the answer is not to be stored whatever it is. */
  readonly unstorable?: NotStored | undefined;
  /** The cache's time, in milliseconds since 1970. */
  readonly now: () => number;
}

/** What is known of an answer whose body is kept. */
interface Kept {
  readonly head: Head;
  readonly verdict: Verdict & { readonly kind: 'store' };
}

/** How long others wait for a handler whose client has gone before its answer began. */
const GONE_MS = 1_000;

/** One run of a handler whose answer goes to its client and, if it may, into the cache. */
export class Fill implements AnswerListener {
  readonly outcome: Promise<FillOutcome>;
  readonly #options: FillOptions;
  readonly #headers: IncomingHttpHeaders;
  readonly #before: Fields;
  readonly #reads: Reads;
  readonly #capture: Capture;
  #resolve: (outcome: FillOutcome) => void = () => {};
  #kept: Kept | undefined;

  constructor(options: FillOptions) {
    const { req, res, config } = options;
    this.#options = options;
    this.#headers = req.headers;
    this.#before = fieldsOf(res.getHeaders());
    this.#reads = new Reads(req, res);
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const outside = <T>(task: () => T): T => this.#reads.muted(task);
    this.#capture = new Capture(res, { maxBytes: config.maxBytes, listener: this, outside });
    res.once('close', () => this.#clientGone());
  }

  /** Whether the handler's own answer is on its way to the client. */
  get isAnswering(): boolean {
    return this.#capture.isAnswering;
  }

  /** The same, if the handler's answer was withheld; else the handler goes on. */
  replaceWithheld(answer: (way: Pick<Response, 'writeHead' | 'end'>) => void): void {
    if (!this.#capture.isAnswering && !this.#capture.isUndecided) this.replace(answer);
  }

  /** Answers the client in place of the handler. */
  replace(answer: (way: Pick<Response, 'writeHead' | 'end'>) => void): void {
    this.#reads.restore();
    const { res } = this.#options;
    this.#capture.replace((way) => {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      for (const [name, value] of this.#before) res.setHeader(name, value as string);
      answer(way as Pick<Response, 'writeHead' | 'end'>);
    });
  }

  head(head: Head): Ruling {
    return this.#reads.muted(() => this.#judge(head));
  }

  ended(body: Buffer): void {
    const kept = this.#kept as Kept;
    const length = fieldText(kept.head.fields, 'content-length');
    const isWhole = length === undefined || Number(length) === body.length;
    const unread = this.#reasonOfReads(this.#varyOf(kept.head.fields));
    this.#reads.restore();
    const reason = isWhole ? unread : 'incomplete';
    if (reason !== undefined) this.#pass(reason);
    else this.#store(body, kept);
  }

  lost(reason: 'too-large' | 'incomplete'): void {
    this.#reads.restore();
    this.#pass(reason);
  }

  #judge(given: Head): Ruling {
    const { res, config, hasStale } = this.#options;
    if (hasStale && given.status >= 500) {
      this.#reads.restore();
      this.#resolve({ kind: 'failed', status: given.status });
      return 'withhold';
    }
    if (config.vary.length > 0) res.vary(config.vary.join(', '));
    const vary = varyNames(`${fieldText(given.fields, 'vary') ?? ''},${config.vary.join(',')}`);
    const fields = new Map(given.fields);
    if (vary.length > 0) fields.set('vary', vary === '*' ? '*' : vary.join(', '));
    const head: Head = { ...given, fields };
    const verdict = this.#verdict(head);
    given.isUnchanged = given.status === 200 && isUnchanged(this.#headers, fields);
    this.#say(verdict, head);
    if (verdict.kind === 'store') {
      this.#kept = { head, verdict };
      return 'keep';
    }
    this.#reads.restore();
    this.#pass(verdict.reason);
    return 'pass';
  }

  #verdict(head: Head): Verdict {
    const { config, covered, unstorable, now } = this.#options;
    const { status, fields } = head;
    const isAuthorized = this.#headers.authorization !== undefined && !covered.has('authorization');
    const facts = { status, fields, before: this.#before, nowMs: now(), isAuthorized };
    const verdict = decide(facts, config);
    if (verdict.kind === 'pass') return verdict;
    const reason = this.#reasonOfReads(this.#varyOf(fields)) ?? unstorable;
    return reason === undefined ? verdict : { kind: 'pass', reason };
  }

  #varyOf(fields: Fields): readonly string[] {
    const names = varyNames(fieldText(fields, 'vary'));
    return names === '*' ? [] : names;
  }

  /** Whether the handler has read something that neither the key nor `Vary` covers. */
  #reasonOfReads(vary: readonly string[]): NotStored | undefined {
    const { covered, config, report, req } = this.#options;
    const names = [...this.#reads.names].filter(
      (name) => name !== 'host' && !covered.has(name) && !vary.includes(name),
    );
    if (names.length === 0) return undefined;
    report.unkeyedRead(names, req.baseUrl + req.path);
    return config.isStrict ? 'unkeyed-read' : undefined;
  }

  /** Says in headers what the cache does, and keeps caches behind us from storing what is one visitor's. */
  #say(verdict: Verdict, { status, fields }: Head): void {
    const { res, config } = this.#options;
    const said = verdict.kind === 'store' ? 'stored' : `detail=${verdict.reason}`;
    res.append('Cache-Status', cacheStatus('fwd=miss', said));
    if (fields.has('cache-control')) return;
    const isPersonal =
      config.key !== undefined || (verdict.kind === 'pass' && PERSONAL.includes(verdict.reason));
    if (status >= 500) res.setHeader('Cache-Control', 'no-store');
    else if (isPersonal) res.setHeader('Cache-Control', 'private, no-cache');
  }

  #store(body: Buffer, { head, verdict }: Kept): void {
    const { report, now, res } = this.#options;
    const { status, fields } = head;
    const headers = keptFields(fields, this.#before);
    const nowMs = now();
    if (!fields.has('etag') && status === 200) headers.push(['etag', etagOf(body)]);
    const cacheControl = res.getHeader('cache-control');
    if (!fields.has('cache-control') && cacheControl !== undefined)
      headers.push(['cache-control', cacheControl]);
    if (!fields.has('date')) headers.push(['date', new Date(nowMs).toUTCString()]);
    const { ttlMs, mayBeStale, ageS } = verdict;
    const message = res.statusMessage ?? '';
    const text = answerText(
      { status, message, headers, madeAt: nowMs, ageS, ttlMs, mayBeStale },
      body,
    );
    report.stored();
    this.#resolve({ kind: 'stored', text, ttlMs, vary: this.#varyOf(fields) });
  }

  #pass(reason: NotStored): void {
    const { report, req } = this.#options;
    report.notStored(reason, req.baseUrl + req.path);
    this.#resolve({ kind: 'pass', reason });
  }

  #clientGone(): void {
    if (this.#options.res.writableEnded) return;
    if (this.#capture.isUndecided) systemClock.setTimer(() => this.#giveUp(), GONE_MS);
    else this.#giveUp();
  }

  #giveUp(): void {
    this.#capture.letPass();
    this.#reads.restore();
    this.#resolve({ kind: 'pass', reason: 'incomplete' });
  }
}

/** An answer that may be one visitor's. */
const PERSONAL: readonly NotStored[] = ['unkeyed-read', 'set-cookie', 'authorization'];
