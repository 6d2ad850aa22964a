import { formatDuration } from '../../core/time/duration.js';
import { type Address, isSameAddress } from '../address.js';
import type { SentinelServers } from '../connection/client.js';
import type {
  Connection,
  ConnectionSource,
  SourceOptions,
  Witness,
} from '../connection/connection.js';
import { connectionSource } from '../connection/connection-source.js';
import { CLOSED, FAILOVER, Failure } from '../failure.js';
import { MasterWatch } from './master-watch.js';
import { SentinelLink } from './sentinel-link.js';

/**
 * Connections to the server that Sentinel names.
 *
 * Invariants: a server is used only while Sentinel names it, whatever it says of itself, because an old primary
 * that comes back acts as one for ten seconds; a connection is used only if Sentinel, asked after its
 * handshake, named its server; a connection to any other server ends at once.
 */
export class SentinelSource implements ConnectionSource, Witness {
  readonly witness: Witness = this;
  readonly #servers: SentinelServers;
  readonly #options: SourceOptions;
  readonly #watch: MasterWatch;
  readonly #inUse = new Map<Connection, Address>();
  #opening: { readonly address: Address; readonly source: ConnectionSource } | undefined;
  #isClosed = false;
  #hasStarted = false;

  constructor(servers: SentinelServers, options: SourceOptions) {
    const { clock } = options;
    const { master, nat, connectSentinel: connect } = servers;
    this.#servers = servers;
    this.#options = options;
    this.#watch = new MasterWatch({
      clock,
      links: servers.sentinels.map(
        (address) => new SentinelLink(address, { clock, master, connect, nat }),
      ),
      isInUse: () => this.#inUse.size > 0,
      onNamed: (address) => this.#named(address),
    });
  }

  async open(): Promise<Connection | Failure> {
    if (this.#isClosed) return CLOSED;
    this.#start();
    const address = await this.#ask();
    if (address instanceof Failure) return address;
    const connection = await this.#connect(address);
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
    this.#watch.stop();
    this.#opening?.source.close();
    for (const connection of [...this.#inUse.keys()]) connection.dispose(CLOSED);
  }

  isNamed(connection: Connection): boolean {
    const address = this.#inUse.get(connection);
    return address !== undefined && this.#watch.isNamed(address);
  }

  async confirm(connection: Connection): Promise<boolean> {
    if (!this.isNamed(connection)) await this.#watch.ask();
    return this.isNamed(connection);
  }

  get notice(): string | undefined {
    const { silentMs } = this.#watch;
    if (silentMs === undefined || this.#inUse.size === 0) return undefined;
    return `No Sentinel has answered for ${formatDuration(silentMs)}: a failover would not be noticed.`;
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#watch.start();
  }

  async #ask(): Promise<Address | Failure> {
    const answer = await this.#watch.ask();
    return this.#isClosed ? CLOSED : answer;
  }

  /** Resolves to `FAILOVER` if another server is named during the handshake. */
  async #connect(address: Address): Promise<Connection | Failure> {
    const { connect } = this.#servers;
    const create = (protocol?: 2) => connect(address, protocol);
    const opening = { address, source: connectionSource({ kind: 'made', create }, this.#options) };
    this.#opening = opening;
    const connection = await opening.source.open();
    const isOvertaken = this.#opening !== opening;
    this.#opening = undefined;
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

  #named(address: Address): void {
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
}
