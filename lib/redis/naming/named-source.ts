import { type Address, isSameAddress } from '../address.js';
import type { ConnectTo, Lack } from '../connection/client.js';
import type {
  Connection,
  ConnectionSource,
  SourceOptions,
  Witness,
} from '../connection/connection.js';
import { connectionSource } from '../connection/connection-source.js';
import { CLOSED, FAILOVER, Failure } from '../failure.js';

/** Knows the address of a server that may be replaced by another one. */
export interface Naming {
  start(): void;
  /** Which server it is, by a recent word. Never rejects. */
  find(): Promise<Address | Failure>;
  /** Asks which server it is now. Never rejects. */
  ask(): Promise<Address | Failure>;
  /** Whether the server with this address was named a moment ago. */
  isNamed(address: Address): boolean;
  /** What people should know although Redis is used. */
  readonly notice: string | undefined;
  stop(): void;
}

/** The source, as its naming sees it. */
export interface Named {
  /** Whether there is a connection to the server named last. */
  isInUse(): boolean;
  /** Another address is named than before. */
  named(address: Address): void;
}

export interface NamedServers {
  readonly connect: ConnectTo;
  readonly naming: (named: Named) => Naming;
}

/**
 * Connections to the server that Sentinel, or the other nodes of a cluster, name.
 *
 * Invariants: a server is used only while it is named, whatever it says of itself, because an old primary that
 * comes back acts as one for a while; a connection is used only if its server was named again after the
 * handshake; a connection to any other server ends at once.
 */
export class NamedSource implements ConnectionSource, Witness, Named {
  readonly witness: Witness = this;
  readonly #connect: ConnectTo;
  readonly #options: SourceOptions;
  readonly #naming: Naming;
  readonly #inUse = new Map<Connection, Address>();
  #opening: { readonly address: Address; readonly source: ConnectionSource } | undefined;
  #isClosed = false;
  #hasStarted = false;

  constructor({ connect, naming }: NamedServers, options: SourceOptions) {
    this.#connect = connect;
    this.#options = options;
    this.#naming = naming(this);
  }

  async open(): Promise<Connection | Failure> {
    if (this.#isClosed) return CLOSED;
    this.#start();
    const address = await this.#naming.find();
    if (this.#isClosed) return CLOSED;
    if (address instanceof Failure) return address;
    const connection = await this.#open(address);
    if (connection instanceof Failure) return connection;
    // While we connected, the primary may have changed.
    const named = await this.#ask();
    if (!(named instanceof Failure) && isSameAddress(named, address)) return connection;
    const failure = named instanceof Failure ? named : FAILOVER;
    connection.dispose(failure);
    return failure;
  }

  close(): void {
    this.#isClosed = true;
    this.#naming.stop();
    this.#opening?.source.close();
    for (const connection of [...this.#inUse.keys()]) connection.dispose(CLOSED);
  }

  /** The connections that are in use, with the addresses of their servers. */
  get connections(): ReadonlyMap<Connection, Address> {
    return this.#inUse;
  }

  /** Ends the connections in use, so that new ones are made. */
  renew(failure: Failure): void {
    for (const connection of [...this.#inUse.keys()]) connection.lose(failure);
  }

  isInUse(): boolean {
    return this.#inUse.size > 0;
  }

  named(address: Address): void {
    const opening = this.#opening;
    if (opening !== undefined && !isSameAddress(opening.address, address)) {
      this.#opening = undefined;
      opening.source.close();
    }
    for (const [connection, own] of [...this.#inUse]) {
      if (!isSameAddress(own, address)) connection.lose(FAILOVER);
    }
    if (this.#inUse.size === 0) this.#options.onReady();
  }

  isNamed(connection: Connection): boolean {
    const address = this.#inUse.get(connection);
    return address !== undefined && this.#naming.isNamed(address);
  }

  async confirm(connection: Connection): Promise<boolean> {
    if (!this.isNamed(connection)) await this.#naming.ask();
    return this.isNamed(connection);
  }

  get notice(): string | undefined {
    return this.isInUse() ? this.#naming.notice : undefined;
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#naming.start();
  }

  async #ask(): Promise<Address | Failure> {
    const answer = await this.#naming.ask();
    return this.#isClosed ? CLOSED : answer;
  }

  /** Resolves to `FAILOVER` if another server is named during the handshake. */
  async #open(address: Address): Promise<Connection | Failure> {
    const create = (lack?: Lack) => this.#connect(address, lack);
    const opening = { address, source: connectionSource({ kind: 'made', create }, this.#options) };
    this.#opening = opening;
    const connection = await opening.source.open();
    const isOvertaken = this.#opening !== opening;
    if (!isOvertaken) this.#opening = undefined;
    if (connection instanceof Failure) {
      return isOvertaken && !this.#isClosed ? FAILOVER : connection;
    }
    if (this.#isClosed || isOvertaken) {
      connection.dispose();
      return this.#isClosed ? CLOSED : FAILOVER;
    }
    this.#inUse.set(connection, address);
    connection.listen({ ended: () => this.#inUse.delete(connection) });
    return connection;
  }
}
