import type { Histogram } from '../../core/diagnostics/histogram.js';
import type { Clock } from '../../core/time/clock.js';
import { CLOSED, classify, type Failure, TIMED_OUT } from '../failure.js';
import { hearsMessages, type RedisClientLike } from './client.js';
import { listenTo } from './client-events.js';
import type { Connection, ConnectionListener, Cost } from './connection.js';
import { DeadlineQueue, type Pending } from './deadline-queue.js';
import { HangDetector, type Timed } from './hang-detector.js';
import { Hesitation } from './hesitation.js';
import { type Overdue, Silence } from './silence.js';
import type { Progress } from './socket-meter.js';

/** The bytes that a slow network carries in a millisecond, and the time that a slow Redis needs for a key. */
const BYTES_PER_MS = 10_000;
const MS_PER_KEY = 0.01;

/** Overrides the timers and type mappings of an adopted client. */
const SEND_OPTIONS = { timeout: undefined, typeMapping: undefined } as const;

export interface RedisConnectionOptions {
  readonly client: RedisClientLike;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  /** Gets the seconds that each command took. */
  readonly commandTimes?: Histogram | undefined;
  /** We destroy only our own clients, not an adopted one. */
  readonly isOurs: boolean;
  readonly progress: Progress;
  /** Called once, when the connection stops being usable. Every pending command was settled before. */
  readonly onLost: (failure: Failure) => void;
}

interface SentCommand extends Pending, Overdue, Timed {
  readonly cost: Cost;
  readonly resolve: (reply: unknown) => void;
  isAnswered: boolean;
}

/**
 * The connection of a node-redis client, and the deadline on each of its commands.
 *
 * Invariants: `send` never rejects; once ended, always ended, and every pending command is settled in the
 * same turn; late replies are consumed and ignored, and are no sign of life.
 */
export class RedisConnection implements Connection {
  readonly #options: RedisConnectionOptions;
  readonly #deadlines: DeadlineQueue<SentCommand>;
  readonly #hangs: HangDetector;
  readonly #silence: Silence;
  readonly #hesitation: Hesitation;
  readonly #listeners = new Set<ConnectionListener>();
  #leave: () => void = () => {};
  #ended: Failure | undefined;
  #unanswered = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #unansweredKeys = 0;
  #unansweredBytes = 0;

  constructor(options: RedisConnectionOptions) {
    const { clock, progress, commandTimeoutMs } = options;
    this.#options = options;
    this.#deadlines = new DeadlineQueue<SentCommand>({
      clock,
      progress,
      onExpired: (expired) => this.#onExpired(expired),
    });
    this.#hangs = new HangDetector(clock, commandTimeoutMs);
    this.#silence = new Silence({ clock, progress, onSilent: () => this.lose(TIMED_OUT) });
    this.#hesitation = new Hesitation({
      clock,
      commandTimeoutMs,
      oldest: () => this.#deadlines.oldest(),
      onBegin: () => this.#tell((listener) => listener.hesitating?.()),
    });
  }

  /** Begins to listen to the client. */
  start(): void {
    this.#leave = listenTo(this.#options.client, {
      onError: (error) => this.lose(classify(error)),
      onEnd: () => this.lose(classify(new Error('the connection was closed'))),
      onInvalidate: (key) => this.#tell((listener) => listener.message?.(['invalidate', key])),
    });
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  get hesitates(): boolean {
    return this.#hesitation.isOn;
  }

  get callersPatienceMs(): number {
    return this.#hesitation.callersPatienceMs;
  }

  get arrived(): number {
    return this.#options.progress.arrived();
  }

  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** We change nothing about the messages that an adopted client gets. */
  get hearsMessages(): boolean {
    return this.#options.isOurs && hearsMessages(this.#options.client);
  }

  listen(listener: ConnectionListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  send(args: readonly (string | Buffer)[], cost: Cost): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    return new Promise((resolve) => {
      const command = this.#track(cost, resolve);
      this.#options.client.sendCommand(args, SEND_OPTIONS).then(
        (reply) => {
          this.#answeredAt = command.sentAt;
          this.#onReply(command, reply);
        },
        (error) => this.#onRejection(command, error),
      );
    });
  }

  lose(failure: Failure): void {
    if (this.#ended !== undefined) return;
    this.dispose(failure);
    this.#options.onLost(failure);
  }

  /** A client of ours keeps its error listener, because it may still emit; an adopted one has none of ours left. */
  dispose(failure: Failure = CLOSED): void {
    if (this.#ended !== undefined) return;
    this.#ended = failure;
    this.#hesitation.cancel();
    this.#silence.cancel();
    for (const pending of this.#deadlines.drain()) pending.expire();
    if (this.#options.isOurs) destroyClient(this.#options.client);
    else this.#leave();
    this.#tell((listener) => listener.ended?.(failure));
  }

  #tell(act: (listener: ConnectionListener) => void): void {
    for (const listener of [...this.#listeners]) act(listener);
  }

  #track(cost: Cost, resolve: (reply: unknown) => void): SentCommand {
    this.#unanswered++;
    this.#unansweredKeys += cost.keys;
    this.#unansweredBytes += cost.bytes;
    const sentAt = this.#options.clock.now();
    const patienceMs = this.#patienceMs(cost);
    const command: SentCommand = {
      sentAt,
      idleAt: this.#options.clock.idleTime(),
      patienceMs,
      deadlineAt: sentAt + patienceMs,
      cost,
      resolve,
      isSettled: false,
      isAnswered: false,
      expire: () => {
        command.isSettled = true;
        resolve(this.#ended ?? TIMED_OUT);
      },
    };
    this.#deadlines.add(command);
    this.#hesitation.sent();
    return command;
  }

  /**
   * Before the answer can come, the network must carry and Redis must execute all unanswered commands, this one
   * included.
   */
  #patienceMs(cost: Cost): number {
    const bytes = this.#unansweredBytes + (cost.largest ?? 0);
    const { commandTimeoutMs } = this.#options;
    return commandTimeoutMs + bytes / BYTES_PER_MS + this.#unansweredKeys * MS_PER_KEY;
  }

  #onReply(command: SentCommand, reply: unknown): void {
    this.#unanswered--;
    this.#unansweredKeys -= command.cost.keys;
    this.#unansweredBytes -= command.cost.bytes;
    command.isAnswered = true;
    this.#options.progress.replied();
    const { clock, commandTimes } = this.#options;
    const now = clock.now();
    if (this.#ended === undefined) commandTimes?.observe((now - command.sentAt) / 1_000);
    this.#deadlines.replied(now);
    if (command.isSettled) return;
    if (this.#hangs.answered(command, this.#deadlines.dueAt(command))) this.lose(TIMED_OUT);
    command.isSettled = true;
    this.#hesitation.answered(now - command.sentAt);
    // Redis answers in order, so this drops the oldest command, which is usually this one.
    this.#deadlines.oldest();
    command.resolve(reply);
  }

  #onRejection(command: SentCommand, error: unknown): void {
    const failure = classify(error);
    this.#onReply(command, failure);
    // A cluster that is down answers, so a new connection would not help.
    const isLost = failure.kind === 'unavailable' && failure.reason !== 'cluster_down';
    if (isLost) this.lose(failure);
  }

  #onExpired(expired: readonly SentCommand[]): void {
    const last = expired.at(-1);
    if (this.#hangs.missed(expired)) this.lose(TIMED_OUT);
    else if (last !== undefined) this.#silence.watch(last);
  }
}

/**
 * Destroys a client for good. A client destroyed while its TCP connection is being made would finish the
 * handshake later and keep the process alive, so it is destroyed again when that happens.
 */
export function destroyClient(client: RedisClientLike): void {
  const again = (): void => {
    try {
      client.destroy();
    } catch {
      // It is already closed.
    }
  };
  client.on('connect', again);
  client.on('ready', again);
  again();
}
