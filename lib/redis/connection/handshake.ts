import { inBackground } from '../../core/background.js';
import { LagAwareTimer } from '../../core/time/lag-aware-timer.js';
import { classify, Failure } from '../failure.js';
import type { RedisClientLike } from './client.js';
import type { Connection, OpenOptions } from './connection.js';
import { RedisConnection } from './redis-connection.js';
import { SocketMeter, withMeter } from './socket-meter.js';
import { withSuspicion } from './suspicion.js';

/** node-redis limits only the TCP connect. A handshake has at least this long, and at least one `commandTimeout`. */
const SHORTEST_HANDSHAKE_MS = 1_000;
const MAX_POSTPONEMENTS = 5;

/**
 * Connects a fresh client of ours. Settles in time, whatever the server does, to a connection whose handshake
 * (HELLO, AUTH, SELECT) succeeded, or to the reason why not. `onMade` gets the connection before that, because
 * it may be closed at any time.
 */
export function openConnection(
  client: RedisClientLike,
  options: OpenOptions,
  onMade: (connection: Connection) => void,
): Promise<Connection | Failure> {
  return inBackground(
    () => new Promise((resolve) => new Handshake(client, options, resolve).start(onMade)),
  );
}

class Handshake {
  readonly #client: RedisClientLike;
  readonly #options: OpenOptions;
  readonly #resolve: (outcome: Connection | Failure) => void;
  readonly #deadline: LagAwareTimer;
  readonly #meter = new SocketMeter();
  readonly #connection: RedisConnection;
  readonly #timeoutMs: number;
  #isOpen = false;

  constructor(
    client: RedisClientLike,
    options: OpenOptions,
    resolve: (outcome: Connection | Failure) => void,
  ) {
    const { clock, commandTimeoutMs, commandTimes } = options;
    this.#client = client;
    this.#options = options;
    this.#resolve = resolve;
    this.#timeoutMs = Math.max(SHORTEST_HANDSHAKE_MS, commandTimeoutMs);
    this.#deadline = new LagAwareTimer({
      clock,
      maxPostponements: MAX_POSTPONEMENTS,
      waitsFor: () => this,
      isAwaited: false,
      onDue: () => this.#connection.lose(silentServer(this.#timeoutMs)),
    });
    this.#connection = new RedisConnection({
      client,
      clock,
      commandTimeoutMs,
      commandTimes,
      isOurs: true,
      progress: this.#meter,
      onLost: (failure) => this.#onLost(failure),
    });
  }

  start(onMade: (connection: Connection) => void): void {
    this.#connection.start();
    // `dispose` does not call `onLost`, but the caller that waits for the handshake must get the failure.
    this.#connection.listen({ ended: (failure) => this.#onEnded(failure) });
    onMade(this.#connection);
    this.#deadline.start(this.#timeoutMs);
    // A connection that is still being made must not keep a finished process alive either.
    this.#client.unref?.();
    withMeter(this.#meter, () => this.#client.connect()).then(
      () => this.#onOpen(),
      (error) => this.#connection.lose(classify(error)),
    );
  }

  #onOpen(): void {
    this.#deadline.cancel();
    this.#isOpen = true;
    this.#resolve(this.#connection);
  }

  #onEnded(failure: Failure): void {
    this.#deadline.cancel();
    if (!this.#isOpen) this.#resolve(withSuspicion(failure, this.#client));
  }

  #onLost(failure: Failure): void {
    if (this.#isOpen) this.#options.onLost(this.#connection, failure);
  }
}

function silentServer(timeoutMs: number): Failure {
  const error = new Error(`no Redis handshake within ${timeoutMs} ms`);
  return new Failure('unavailable', 'timeout', error);
}
