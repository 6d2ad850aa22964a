import { type Address, parseAddress } from '../address.js';
import type {
  Connection,
  ConnectionListener,
  ConnectionSource,
  Cost,
  SourceOptions,
  Witness,
} from '../connection/connection.js';
import { Failure } from '../failure.js';

type ConnectionTo = (address: Address) => Connection | undefined;

const NO_COST: Cost = { keys: 0, bytes: 32 };

/** `ASK slot host:port`: this key has already gone to the server there, while its slot is still here. */
const ASK = /^ASK \d+ (\S+)$/;

/** Connections that follow a key which has gone ahead of its slot. */
export class Asking implements ConnectionSource {
  readonly witness: Witness;
  readonly #source: ConnectionSource;
  readonly #connectionTo: ConnectionTo;
  readonly #outer = new WeakMap<Connection, Connection>();

  /** `make` gets the options for the source of the connections that are followed from. */
  constructor(
    make: (options: SourceOptions) => ConnectionSource & Witness,
    options: SourceOptions,
    connectionTo: ConnectionTo,
  ) {
    const source = make({
      ...options,
      onLost: (inner, failure) => {
        const outer = this.#outer.get(inner);
        if (outer !== undefined) options.onLost(outer, failure);
      },
    });
    this.#source = source;
    this.#connectionTo = connectionTo;
    this.witness = {
      isNamed: (connection) => source.isNamed(innerOf(connection)),
      confirm: (connection) => source.confirm(innerOf(connection)),
      get notice() {
        return source.notice;
      },
    };
  }

  async open(): Promise<Connection | Failure> {
    const connection = await this.#source.open();
    if (connection instanceof Failure) return connection;
    const outer = new AskingConnection(connection, this.#connectionTo);
    this.#outer.set(connection, outer);
    return outer;
  }

  close(): void {
    this.#source.close();
  }
}

class AskingConnection implements Connection {
  readonly inner: Connection;
  readonly #connectionTo: ConnectionTo;

  constructor(inner: Connection, connectionTo: ConnectionTo) {
    this.inner = inner;
    this.#connectionTo = connectionTo;
  }

  get unanswered(): number {
    return this.inner.unanswered;
  }

  get callersPatienceMs(): number {
    return this.inner.callersPatienceMs;
  }

  get hesitates(): boolean {
    return this.inner.hesitates;
  }

  get arrived(): number {
    return this.inner.arrived;
  }

  get answeredAt(): number {
    return this.inner.answeredAt;
  }

  get hearsMessages(): boolean {
    return this.inner.hearsMessages;
  }

  async send(args: readonly (string | Buffer)[], cost: Cost): Promise<unknown> {
    const reply = await this.inner.send(args, cost);
    // Another server would not tell this connection.
    if (cost.isTracked === true) return reply;
    const target = reply instanceof Failure ? targetOf(reply) : undefined;
    const connection = target && this.#connectionTo(target);
    if (connection === undefined) return reply;
    // In one turn, so that no other command comes between the two.
    const [, answer] = await Promise.all([
      connection.send(['ASKING'], NO_COST),
      connection.send(args, cost),
    ]);
    return answer;
  }

  listen(listener: ConnectionListener): () => void {
    return this.inner.listen(listener);
  }

  lose(failure: Failure): void {
    this.inner.lose(failure);
  }

  dispose(failure?: Failure): void {
    this.inner.dispose(failure);
  }
}

function targetOf(failure: Failure): Address | undefined {
  if (!failure.isAbout('ASK ')) return undefined;
  const text = ASK.exec((failure.error as Error).message)?.[1];
  return text === undefined ? undefined : parseAddress(text, 0);
}

function innerOf(connection: Connection): Connection {
  return connection instanceof AskingConnection ? connection.inner : connection;
}
