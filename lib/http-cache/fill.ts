import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { systemClock } from '../core/time/clock.js';
import { hasTrailers } from './capture/arguments.js';
import { type AnswerListener, Capture, type Head, type Ruling } from './capture/capture.js';
import { Reads } from './capture/reads.js';
import type { EdgeFields } from './edge/edge-fields.js';
import { say } from './edge/say.js';
import type { Ingredient, Ingredients } from './ingredients.js';
import type { ResponseCacheConfig } from './options.js';
import { answerText, etagOf, type FillOutcome } from './record.js';
import type { Report } from './report.js';
import { isUnchanged } from './rules/conditional.js';
import { type Fields, fieldsOf, fieldText, keptFields } from './rules/fields.js';
import type { NotStored } from './rules/not-stored.js';
import { decide, type Verdict } from './rules/storable.js';
import { varyNames } from './rules/vary.js';

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
  /** What the handler reads of the cache. */
  readonly ingredients?: Ingredients | undefined;
  /** A CDN may store the answer: its fields, and the names and the address of the answer. */
  readonly shared?:
    | { readonly fields: EdgeFields; readonly keys: readonly string[]; readonly address: string }
    | undefined;
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
    if (this.#capture.isWithheld) this.replace(answer);
  }

  /** Answers the client in place of the handler. */
  replace(answer: (way: Pick<Response, 'writeHead' | 'end'>) => void): void {
    this.#restore();
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

  ended(body: Buffer): void | Promise<void> {
    const kept = this.#kept as Kept;
    const length = fieldText(kept.head.fields, 'content-length');
    const isWhole = length === undefined || Number(length) === body.length;
    const unread = this.#reasonOfReads(this.#varyOf(kept.head.fields));
    this.#restore();
    const reason = hasTrailers(this.#options.res) ? 'trailer' : isWhole ? unread : 'incomplete';
    const { ingredients } = this.#options;
    if (reason !== undefined) return this.#conclude(kept, body, reason);
    if (ingredients === undefined || ingredients.isEmpty) return this.#conclude(kept, body, []);
    const withTags = this.#options.shared !== undefined;
    return ingredients.check({ withTags }).then((found) => this.#conclude(kept, body, found));
  }

  lost(reason: 'too-large' | 'incomplete'): void {
    if (this.#kept === undefined) return;
    this.#restore();
    this.#kept = undefined;
    this.#options.shared?.fields.refuse(this.#options.res);
    this.#pass(reason);
  }

  /** The answer is stored with what it was made of, or not at all, unless it was lost in the meantime. */
  #conclude(kept: Kept, body: Buffer, found: readonly Ingredient[] | NotStored): void {
    if (this.#kept === undefined) return;
    this.#kept = undefined;
    const { shared, res } = this.#options;
    const reason = typeof found === 'string' ? found : undefined;
    if (shared !== undefined)
      say(this.#options, reason === undefined ? kept.verdict : { kind: 'pass', reason }, kept.head);
    if (typeof found === 'string') this.#pass(found);
    else this.#store(body, kept, found);
    if (shared === undefined || typeof found === 'string') return;
    const keys = [...shared.keys, ...found.map(([key]) => key)];
    const { status } = kept.head;
    const ageMs = kept.verdict.ageS * 1_000;
    shared.fields.share(res, { status, keys, address: shared.address, ageMs, isStale: false });
  }

  #restore(): void {
    this.#reads.restore();
    this.#options.ingredients?.stop();
  }

  #judge(given: Head): Ruling {
    const { res, config, hasStale } = this.#options;
    if (hasStale && given.status >= 500) {
      this.#restore();
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
    if (verdict.kind === 'store') {
      this.#kept = { head, verdict };
      if (this.#options.shared !== undefined) return 'hold';
      say(this.#options, verdict, head);
      return 'keep';
    }
    say(this.#options, verdict, head);
    this.#restore();
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

  #store(body: Buffer, { head, verdict }: Kept, madeOf: readonly Ingredient[]): void {
    const { report, now, res } = this.#options;
    const { status, fields } = head;
    const headers = keptFields(fields, this.#before);
    const removed = [...this.#before.keys()].filter((name) => !fields.has(name));
    const nowMs = now();
    if (!fields.has('etag') && status === 200) headers.push(['etag', etagOf(body)]);
    const cacheControl = res.getHeader('cache-control');
    if (!fields.has('cache-control') && cacheControl !== undefined)
      headers.push(['cache-control', cacheControl]);
    if (!fields.has('date')) headers.push(['date', new Date(nowMs).toUTCString()]);
    const { ttlMs, mayBeStale, ageS } = verdict;
    const times = { madeAt: nowMs, ageS, ttlMs, mayBeStale };
    const rest = {
      ...(madeOf.length > 0 && { madeOf }),
      ...(removed.length > 0 && { removed }),
      ...(this.#reads.sawNothingGiven && { withoutLocals: true }),
    };
    const text = answerText(
      { status, message: res.statusMessage ?? '', headers, ...times, ...rest },
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
    if (this.#capture.isUnsent) systemClock.setTimer(() => this.#giveUp(), GONE_MS);
    else this.#giveUp();
  }

  #giveUp(): void {
    this.#capture.letPass();
    this.#restore();
    this.#resolve({ kind: 'pass', reason: 'incomplete' });
  }
}
