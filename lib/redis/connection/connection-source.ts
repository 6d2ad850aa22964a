import { isCacheHealthError } from '../../core/errors.js';
import { CLOSED, classify, Failure } from '../failure.js';
import { AdoptedSource } from './adopted-source.js';
import type { RedisClientLike, SentinelServers, SingleSource } from './client.js';
import {
  type Connection,
  type ConnectionSource,
  NO_WITNESS,
  type OpenOptions,
  type SourceOptions,
  type Witness,
} from './connection.js';
import { openConnection } from './handshake.js';
import { foreignClient, noHello } from './suspicion.js';

/** A source of connections to one server. */
export function connectionSource(
  source: Exclude<SingleSource, SentinelServers>,
  options: SourceOptions,
): ConnectionSource {
  return source.kind === 'made'
    ? new MadeSource(source.create, options)
    : new AdoptedSource(source.client, options);
}

/** A fresh client of ours for each attempt. */
class MadeSource implements ConnectionSource {
  readonly witness: Witness = NO_WITNESS;
  readonly #create: (protocol?: 2) => RedisClientLike;
  readonly #options: OpenOptions;
  #last: Connection | undefined;
  #protocol: 2 | undefined;
  /** Why no client can be made, now or ever. */
  #refused: Failure | undefined;

  constructor(create: (protocol?: 2) => RedisClientLike, options: OpenOptions) {
    this.#create = create;
    this.#options = options;
  }

  async open(): Promise<Connection | Failure> {
    if (this.#refused !== undefined) return this.#refused;
    const outcome = await this.#attempt();
    const isUnknown = outcome instanceof Failure && isHelloRefused(outcome);
    if (!isUnknown) return outcome;
    if (this.#protocol === 2) return noHello(outcome);
    this.#protocol = 2;
    const again = await this.#attempt();
    return again instanceof Failure && isHelloRefused(again) ? noHello(again) : again;
  }

  /** A connection that is still being made must not keep the process alive either. */
  close(): void {
    this.#refused = CLOSED;
    this.#last?.lose(CLOSED);
  }

  async #attempt(): Promise<Connection | Failure> {
    try {
      const client = this.#create(this.#protocol);
      return await openConnection(client, this.#options, (connection) => {
        this.#last = connection;
      });
    } catch (error) {
      if (!isCacheHealthError(error)) return classify(error);
      // The function makes the wrong thing, so we do not call it again.
      this.#refused = foreignClient(error);
      return this.#refused;
    }
  }
}

/** A server or a proxy without HELLO speaks the older protocol. */
function isHelloRefused(failure: Failure): boolean {
  return failure.isRefusal && /hello/i.test(String(failure.error));
}
