import { isCacheHealthError } from '../../core/errors.js';
import { CLOSED, classify, Failure } from '../failure.js';
import type { Lack, RedisClientLike, SentinelServers, SingleSource } from './client.js';
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
  if (source.kind === 'made') return new MadeSource(source.create, options);
  const adopted = require('./adopted-source.js') as typeof import('./adopted-source.js');
  return new adopted.AdoptedSource(source.client, options);
}

/** A fresh client of ours for each attempt. */
class MadeSource implements ConnectionSource {
  readonly witness: Witness = NO_WITNESS;
  readonly #create: (lack?: Lack) => RedisClientLike;
  readonly #options: OpenOptions;
  #last: Connection | undefined;
  #lack: Lack | undefined;
  /** Why no client can be made, now or ever. */
  #refused: Failure | undefined;

  constructor(create: (lack?: Lack) => RedisClientLike, options: OpenOptions) {
    this.#create = create;
    this.#options = options;
  }

  async open(): Promise<Connection | Failure> {
    if (this.#refused !== undefined) return this.#refused;
    let outcome = await this.#attempt();
    // What the server refuses, later attempts leave out from the start.
    for (let lack = lackOf(outcome); this.#mayLack(lack); lack = lackOf(outcome)) {
      this.#lack = lack;
      outcome = await this.#attempt();
    }
    return lackOf(outcome) === 'HELLO' ? noHello(outcome as Failure) : outcome;
  }

  /** A connection that is still being made must not keep the process alive either. */
  close(): void {
    this.#refused = CLOSED;
    this.#last?.lose(CLOSED);
  }

  /** Each is left out once, and without HELLO there are no messages. */
  #mayLack(lack: Lack | undefined): lack is Lack {
    return lack !== undefined && lack !== this.#lack && this.#lack !== 'HELLO';
  }

  async #attempt(): Promise<Connection | Failure> {
    try {
      const client = this.#create(this.#lack);
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

/** What a server or a proxy refused in the handshake. */
function lackOf(outcome: Connection | Failure): Lack | undefined {
  if (!(outcome instanceof Failure)) return undefined;
  const text = String(outcome.error);
  if (outcome.isRefusal && /hello/i.test(text)) return 'HELLO';
  return outcome.kind === 'command' && /\b(?:client|tracking)\b/i.test(text)
    ? 'messages'
    : undefined;
}
