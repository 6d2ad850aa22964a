import type { Clock } from '../../core/clock.js';
import type { RedisClientLike } from './client.js';
import { DeadlineQueue, type Pending } from './deadline-queue.js';
import { CLOSED, classify, Failure } from '../failure.js';
import { Hesitation } from './hesitation.js';

/** Replies missing in a row, with none in between, before the connection counts as hung. */
const HUNG_AFTER = 3;

/**
 * Commands on their way at once: a burst beyond this many is answered by the fallback, because a hung
 * Redis would otherwise collect almost 2 kB of heap for each until it is found out.
 */
const MAX_PENDING = 10_000;

/** Overrides whatever timers and type mappings an adopted client was given. */
const SEND_OPTIONS = { timeout: undefined, typeMapping: undefined } as const;

export interface ConnectionOptions {
  readonly client: RedisClientLike;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  /** An adopted client is not ours to destroy. */
  readonly isOurs: boolean;
  /** Called once, when the connection stops being usable. Every pending command was settled before. */
  readonly onLost: (failure: Failure) => void;
}

/**
 * One connection to Redis and the deadline on each of its commands.
 *
 * Invariants: `send` never rejects and settles within `commandTimeout`; once lost, always lost, and
 * every pending command is settled in the same turn; late replies are consumed and ignored.
 */
export class Connection {
  readonly #client: RedisClientLike;
  readonly #clock: Clock;
  readonly #isOurs: boolean;
  readonly #onLost: (failure: Failure) => void;
  readonly #deadlines: DeadlineQueue;
  readonly #hesitation: Hesitation;
  readonly #onError = (error: unknown): void => this.lose(classify(error));
  readonly #onEnd = (): void => this.lose(classify(new Error('the connection was closed')));
  #lost: Failure | undefined;
  #missingInARow = 0;
  #unanswered = 0;

  constructor(options: ConnectionOptions) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#isOurs = options.isOurs;
    this.#onLost = options.onLost;
    this.#deadlines = new DeadlineQueue(options.clock, options.commandTimeoutMs, true, (count) =>
      this.#onExpired(count),
    );
    this.#hesitation = new Hesitation({
      clock: options.clock,
      commandTimeoutMs: options.commandTimeoutMs,
      oldest: () => this.#deadlines.oldest(),
      onBegin: () => {
        for (const pending of this.#deadlines.waiting) pending.onHesitation?.();
      },
    });
    this.#client.on('error', this.#onError);
    this.#client.on('reconnecting', this.#onEnd);
    this.#client.on('end', this.#onEnd);
  }

  /** Commands Redis has not answered yet, whether or not somebody still waits for them. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Whether answers are overdue, by what is usual here: Redis may be hung. */
  get hesitates(): boolean {
    return this.#hesitation.isOn;
  }

  /** Calls back when the event loop has read what had arrived. */
  afterPoll(callback: () => void): void {
    this.#clock.afterPoll(callback);
  }

  /** Resolves to the reply or to a `Failure`. `onHesitation` is called when Redis begins to hesitate meanwhile. */
  send(args: string[], onHesitation?: () => void): Promise<unknown> {
    if (this.#lost !== undefined) return Promise.resolve(this.#lost);
    if (this.#unanswered >= MAX_PENDING) {
      return Promise.resolve(
        new Failure('command', 'busy', new Error('too many commands at once')),
      );
    }
    return new Promise((resolve) => {
      const pending = this.#track(resolve, onHesitation);
      this.#client.sendCommand(args, SEND_OPTIONS).then(
        (reply) => this.#onReply(pending, reply, resolve),
        (error) => this.#onRejection(pending, error, resolve),
      );
    });
  }

  /** Declares the connection unusable. */
  lose(failure: Failure): void {
    if (this.#lost !== undefined) return;
    this.dispose(failure);
    this.#onLost(failure);
  }

  /** Gives the connection up without telling anybody. The error listener stays on a client of ours: it may still speak. */
  dispose(failure: Failure = CLOSED): void {
    if (this.#lost !== undefined) return;
    this.#lost = failure;
    this.#hesitation.cancel();
    for (const pending of this.#deadlines.drain()) pending.expire();
    if (this.#isOurs) destroyClient(this.#client);
    else this.#leaveAdopted();
  }

  #leaveAdopted(): void {
    this.#client.off('error', this.#onError);
    this.#client.off('reconnecting', this.#onEnd);
    this.#client.off('end', this.#onEnd);
  }

  #track(resolve: (reply: unknown) => void, onHesitation: (() => void) | undefined): Pending {
    const pending: Pending = {
      sentAt: this.#clock.now(),
      isSettled: false,
      onHesitation,
      expire: () => {
        if (pending.isSettled) return;
        pending.isSettled = true;
        resolve(this.#lost ?? TIMED_OUT);
      },
    };
    this.#unanswered++;
    this.#deadlines.add(pending);
    this.#hesitation.sent();
    return pending;
  }

  #onReply(pending: Pending, reply: unknown, resolve: (reply: unknown) => void): void {
    this.#unanswered--;
    // Only an answer in time is a sign of life: one that always comes too late serves nobody.
    if (pending.isSettled) return;
    this.#missingInARow = 0;
    pending.isSettled = true;
    this.#hesitation.answered(this.#clock.now() - pending.sentAt);
    this.#deadlines.settled();
    resolve(reply);
  }

  #onRejection(pending: Pending, error: unknown, resolve: (reply: unknown) => void): void {
    const failure = classify(error);
    this.#onReply(pending, failure, resolve);
    if (failure.kind === 'unavailable') this.lose(failure);
  }

  #onExpired(count: number): void {
    this.#missingInARow += count;
    if (this.#missingInARow >= HUNG_AFTER) this.lose(TIMED_OUT);
  }
}

const TIMED_OUT = new Failure(
  'unavailable',
  'timeout',
  new Error('Redis did not answer within commandTimeout'),
);

/**
 * Destroys a client for good. A client destroyed while its TCP connection is being made would finish the
 * handshake later and keep the process alive, so it is destroyed again when that happens.
 */
export function destroyClient(client: RedisClientLike): void {
  const again = (): void => {
    try {
      client.destroy();
    } catch {
      // Already closed: what was wanted.
    }
  };
  client.on('connect', again);
  client.on('ready', again);
  again();
}
