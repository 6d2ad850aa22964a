import { inBackground } from '../../core/background.js';
import { errorText } from '../../core/redact/redact.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import type { Edge, PurgeReply } from '../edge.js';
import { ALL_TAG } from '../tags.js';
import { Backlog, type Batch } from './backlog.js';
import { TokenBucket } from './token-bucket.js';

/** Purges that would take longer than this by the edge's rate become one of everything. */
const LONGEST_QUEUE_MS = 60_000;

/** How long one purge may take. */
const PURGE_TIMEOUT_MS = 10_000;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** After a refusal a person must act, and after a 429 without `Retry-After` others must have stopped. */
const REFUSED_PAUSE_MS = 60_000;
const THROTTLED_PAUSE_MS = 5_000;

export interface PurgeQueueOptions {
  readonly edge: Edge;
  readonly clock: Clock;
  /** Purges begin to fail, or are accepted again. */
  readonly log: EdgeLog;
  /** What is purged in place of too many names, if the edge has no tag for everything. */
  readonly everything?: (() => Iterable<string>) | undefined;
  /** A number from 0 to 1, for pauses that differ between processes. */
  readonly random?: () => number;
}

export interface EdgeLog {
  refused(edge: string, error: string): void;
  accepts(edge: string): void;
}

/** Since the start; requests to the edge, by their result. */
export interface PurgeCounts {
  readonly accepted: number;
  readonly throttled: number;
  readonly failed: number;
  /** How often one purge of everything took the place of many. */
  readonly overflows: number;
}

/**
 * Sends purges to the edge: each name twice, in the batches and at the rate that the edge documents, one request at a
 * time, again until it is accepted. Bounded.
 */
export class PurgeQueue {
  readonly #options: PurgeQueueOptions;
  readonly #backlog: Backlog;
  readonly #bucket: TokenBucket;
  readonly #counts = { accepted: 0, throttled: 0, failed: 0 };
  /** Failures in a row. */
  #failures = 0;
  #pausedUntil = 0;
  #lastError: { readonly text: string; readonly at: number } | undefined;
  #timer: Timer | undefined;
  #timerAt = 0;
  #inFlight: AbortController | undefined;
  #isClosed = false;
  /** The request in flight, to wait for. */
  #sending: Promise<void> | undefined;

  constructor(options: PurgeQueueOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options.everything);
    this.#bucket = new TokenBucket(options.edge.limits, options.clock.now());
  }

  get counts(): PurgeCounts {
    return { ...this.#counts, overflows: this.#backlog.overflows };
  }

  /** Names whose first purge the edge has not accepted. */
  get backlog(): number {
    return this.#backlog.first;
  }

  get oldestMs(): number {
    return this.#backlog.oldestMs(this.#options.clock.now());
  }

  /** Present while the last purge was not accepted. `at`: milliseconds since 1970. */
  get lastError(): { readonly text: string; readonly at: number } | undefined {
    return this.#lastError;
  }

  add(names: Iterable<string>, isSoft: boolean): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    this.#backlog.add(names, isSoft, clock.now());
    this.#shorten();
    this.#wakeAt(clock.now());
  }

  /**
   * Sends what waits for its first purge, as long as the edge accepts it, at most until `deadlineMs` from now. A second purge is
   * left out.
   */
  async close(deadlineMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { clock } = this.#options;
    let isOver = false;
    const deadline = clock.setTimer(
      () => {
        isOver = true;
        this.#inFlight?.abort(new Error('the cache was closed'));
      },
      deadlineMs,
      { ref: true },
    );
    await this.#sending;
    while (!isOver && this.#backlog.first > 0 && this.#readyAt <= clock.now()) {
      this.#sending = this.#send();
      await this.#sending;
    }
    deadline.cancel();
    this.#timer?.cancel();
  }

  /** When the edge takes a purge again. */
  get #readyAt(): number {
    const now = this.#options.clock.now();
    return Math.max(this.#pausedUntil, now + this.#bucket.waitMs(1, now));
  }

  /** One purge of everything takes the place of many that the edge would not take for a long time. */
  #shorten(): void {
    const { edge, clock } = this.#options;
    const requests = Math.ceil(this.#backlog.first / edge.limits.tagsPerPurge);
    if (requests > 1 && this.#bucket.waitMs(requests, clock.now()) > LONGEST_QUEUE_MS)
      this.#backlog.becomeAll(clock.now());
  }

  #wake(): void {
    const { nextDueAt } = this.#backlog;
    if (nextDueAt !== undefined) this.#wakeAt(nextDueAt);
  }

  /** Sends at this moment, or when the edge takes a purge again. */
  #wakeAt(dueAt: number): void {
    if (this.#inFlight !== undefined) return;
    const { clock } = this.#options;
    const now = clock.now();
    // What is ordered in one turn of the event loop goes into one batch.
    const at = Math.max(dueAt, this.#readyAt, now + 1);
    if (this.#timer !== undefined && this.#timerAt <= at) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    const send = (): void => {
      this.#sending = this.#send();
    };
    this.#timer = inBackground(() => clock.setTimer(send, Math.ceil(at - now)));
  }

  async #send(): Promise<void> {
    const { edge, clock } = this.#options;
    this.#timer = undefined;
    const batch = this.#backlog.take(clock.now(), edge.limits);
    if (batch === undefined || !this.#bucket.take(clock.now())) {
      if (!this.#isClosed) this.#wake();
      return;
    }
    const controller = new AbortController();
    this.#inFlight = controller;
    const timeout = clock.setTimer(
      () => controller.abort(new Error(`no answer within ${PURGE_TIMEOUT_MS / 1_000} s`)),
      PURGE_TIMEOUT_MS,
    );
    const reply = await this.#ask(batch, controller.signal);
    timeout.cancel();
    this.#inFlight = undefined;
    this.#settle(batch, reply);
    if (!this.#isClosed) this.#wake();
  }

  async #ask({ names, isSoft }: Batch, signal: AbortSignal): Promise<PurgeReply> {
    const aborted = new Promise<PurgeReply>((resolve) => {
      const onAbort = (): void => resolve({ kind: 'failed', error: errorText(signal.reason) });
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([this.#options.edge.purge({ names, isSoft, signal }), aborted]);
    } catch (error) {
      return { kind: 'failed', error: errorText(error) };
    }
  }

  #settle(batch: Batch, reply: PurgeReply): void {
    const { clock } = this.#options;
    const now = clock.now();
    if (reply.kind === 'accepted') {
      this.#counts.accepted++;
      this.#failures = 0;
      this.#backlog.accepted(batch, now);
      this.#recovered();
      return;
    }
    this.#failed(reply.error);
    if (reply.kind === 'throttled') {
      this.#counts.throttled++;
      this.#bucket.drain(now);
      this.#pausedUntil = now + (reply.afterMs ?? THROTTLED_PAUSE_MS);
      this.#shorten();
      return;
    }
    this.#counts.failed++;
    const isHopeless = reply.kind === 'invalid' && batch.names.includes(ALL_TAG);
    // The next try of the same names would end in the same way.
    if (reply.kind === 'invalid' && !isHopeless) this.#backlog.becomeAll(now);
    this.#pausedUntil = now + this.#pauseMs(reply.kind === 'refused' || isHopeless);
  }

  #pauseMs(isLong: boolean): number {
    const { random = Math.random } = this.#options;
    const doubled = FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10);
    const longest = isLong ? REFUSED_PAUSE_MS : Math.min(doubled, LONGEST_PAUSE_MS);
    return longest * (0.5 + random() / 2);
  }

  #failed(text: string): void {
    const { edge, clock, log } = this.#options;
    if (this.#failures++ === 0) log.refused(edge.name, text);
    this.#lastError = { text, at: clock.wallNow() };
  }

  #recovered(): void {
    if (this.#lastError === undefined) return;
    this.#lastError = undefined;
    this.#options.log.accepts(this.#options.edge.name);
  }
}
