import type { Histogram } from '../../core/diagnostics/histogram.js';
import type { Clock } from '../../core/time/clock.js';
import { type Address, addressText, isSameAddress } from '../address.js';
import type { ClusterServers } from '../connection/client.js';
import type { Connection, SourceOptions } from '../connection/connection.js';
import { ClientSessions } from '../door/client-sessions.js';
import { type DoorOptions, RedisDoor } from '../door/door.js';
import { FAILOVER, Failure } from '../failure.js';
import { type Named, NamedSource, type Naming } from '../naming/named-source.js';
import { anchorOf, rangesText, type SlotRange } from './anchors.js';
import { Asking } from './asking.js';
import { SLOTS, slotOfKey } from './key-slot.js';
import type { Master } from './slot-table.js';
import type { Topology } from './topology.js';

export interface ShardDoorOptions {
  readonly servers: ClusterServers;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly maxValueBytes: number;
  readonly clock: Clock;
  /** Gets the seconds that each command took. */
  readonly commandTimes?: Histogram | undefined;
  readonly application?: DoorOptions['application'];
  /** Knows which server has which slots. */
  readonly topology: Pick<Topology, 'known' | 'refresh'>;
  /** A node answered that a key is not its own, or its door does not use it any more. */
  readonly onDoubt: () => void;
  /** A live connection to the server there. */
  readonly connectionTo: (address: Address) => Connection | undefined;
}

const EVERY_SLOT: readonly SlotRange[] = [[0, SLOTS - 1]];

/**
 * The door to the server of one shard. It stays the same when a replica is promoted, because the data of that
 * one continues it.
 */
export class ShardDoor implements Naming {
  readonly door: RedisDoor;
  readonly #options: ShardDoorOptions;
  #source: NamedSource | undefined;
  #named: Named | undefined;
  #id = '';
  #address: Address | undefined;
  /** Before the first report the one door stands for the whole cluster. */
  #ranges: readonly SlotRange[] = EVERY_SLOT;
  #tag: string | undefined;

  constructor(options: ShardDoorOptions) {
    const { clock, prefix, commandTimeoutMs, servers, connectionTo } = options;
    this.#options = options;
    const sessions = new ClientSessions({
      ...options,
      isFresh: true,
      tag: () => this.#tag ?? anchorOf(this.#ranges),
      slotOf: slotOfKey,
      connections: (own) => {
        const naming = (named: Named): Naming => {
          this.#named = named;
          return this;
        };
        const make = (followed: SourceOptions): NamedSource => {
          this.#source = new NamedSource({ connect: servers.connect, naming }, followed);
          return this.#source;
        };
        return new Asking(make, own, connectionTo);
      },
    });
    const place = (): { address: string; slots: string } => this.#place;
    this.door = new RedisDoor({
      source: sessions,
      prefix,
      commandTimeoutMs,
      clock,
      application: options.application,
      cluster: {
        onDoubt: options.onDoubt,
        get place() {
          return place();
        },
      },
    });
  }

  get id(): string {
    return this.#id;
  }

  get ranges(): readonly SlotRange[] {
    return this.#ranges;
  }

  /** The live connections to its server. */
  get connections(): ReadonlyMap<Connection, Address> {
    return this.#source?.connections ?? NONE;
  }

  /** From now on it is the door to this server, with these slots. Call `settle` when every door knows its own. */
  assign({ id, address, ranges }: Master): void {
    this.#id = id;
    this.#address = address;
    this.#ranges = ranges;
  }

  /** Leaves a server that is not its own any more, and a place of its records that has moved away. */
  settle(): void {
    const tag = anchorOf(this.#ranges);
    const hasMoved = this.#tag !== undefined && this.#tag !== tag;
    this.#tag = tag;
    if (this.#address !== undefined) this.#named?.named(this.#address);
    if (hasMoved) this.#source?.renew(RECORDS_MOVED);
  }

  start(): void {}

  stop(): void {}

  async find(): Promise<Address | Failure> {
    return this.#after(await this.#options.topology.known());
  }

  async ask(): Promise<Address | Failure> {
    return this.#after(await this.#options.topology.refresh());
  }

  #after(failure: Failure | undefined): Address | Failure {
    if (failure !== undefined && this.#address === undefined) return failure;
    return this.#address ?? FAILOVER;
  }

  isNamed(address: Address): boolean {
    return this.#address !== undefined && isSameAddress(address, this.#address);
  }

  readonly notice = undefined;

  get #place(): { address: string; slots: string } {
    const address = this.#address === undefined ? '' : addressText(this.#address);
    return { address, slots: rangesText(this.#ranges) };
  }
}

const NONE: ReadonlyMap<Connection, Address> = new Map();

const RECORDS_MOVED: Failure = new Failure(
  'unavailable',
  'failover',
  new Error('the slots of this server have changed'),
);
