import { inBackground } from '../../core/background.js';
import { Histogram } from '../../core/diagnostics/histogram.js';
import type { Clock } from '../../core/time/clock.js';
import { type Address, isSameAddress } from '../address.js';
import { COMMAND_SECONDS } from '../command-seconds.js';
import type { ClusterServers } from '../connection/client.js';
import type { Connection } from '../connection/connection.js';
import type { DoorOptions } from '../door/door.js';
import type { Door, DoorListener, Move, Remote } from '../remote.js';
import { assign } from './assignment.js';
import { SLOTS, slotOfKey } from './key-slot.js';
import { ShardDoor } from './shard-door.js';
import { Topology } from './topology.js';

export interface ClusterOptions {
  readonly source: ClusterServers;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly maxValueBytes: number;
  readonly clock: Clock;
  readonly application?: DoorOptions['application'];
}

/**
 * A Redis Cluster: one supervised door for each server that has slots, and a table that says which door serves
 * a key.
 *
 * Invariants: every slot has a door, the last known one if no server has the slot; the tiers learn of new doors
 * before these connect, and of old doors before these close.
 */
export class ClusterRemote implements Remote {
  readonly commandTimes: Histogram = new Histogram(COMMAND_SECONDS);
  readonly #options: ClusterOptions;
  readonly #topology: Topology;
  readonly #router: ShardDoor[];
  #shards: readonly ShardDoor[];
  #listener: DoorListener | undefined;
  #isClosed = false;

  constructor(options: ClusterOptions) {
    const { clock, source, commandTimeoutMs } = options;
    this.#options = options;
    this.#topology = new Topology({
      clock,
      servers: source,
      commandTimeoutMs,
      connections: () => this.#healthy(),
      isCalm: () => this.#shards.every(({ door }) => door.state.name === 'closed'),
      onChange: () => this.#changed(),
    });
    const first = this.#build();
    this.#shards = [first];
    this.#router = new Array<ShardDoor>(SLOTS).fill(first);
  }

  get doors(): readonly Door[] {
    return this.#shards.map(({ door }) => door);
  }

  doorFor(key: string): Door {
    const { door } = this.#router[slotOfKey(this.#options.prefix + key)] as ShardDoor;
    return door;
  }

  start(listener: DoorListener): void {
    this.#listener = listener;
    this.#topology.start();
    for (const shard of this.#shards) this.#start(shard);
  }

  close(): void {
    this.#isClosed = true;
    this.#topology.stop();
    for (const { door } of this.#shards) door.close();
  }

  #build(): ShardDoor {
    const { source: servers } = this.#options;
    return new ShardDoor({
      ...this.#options,
      servers,
      commandTimes: this.commandTimes,
      topology: this.#topology,
      onDoubt: () => this.#topology.soon(),
      connectionTo: (address) => this.#connectionTo(address),
    });
  }

  #start({ door }: ShardDoor): void {
    const listener = this.#listener;
    if (listener === undefined || this.#isClosed) return;
    door.start(listener.listenerFor?.(door) ?? listener);
  }

  #changed(): void {
    if (this.#isClosed) return;
    inBackground(() => {
      const before = this.#shards;
      const moves = new Moves();
      this.#shards = this.#assigned(moves);
      this.#listener?.doorsChanged?.(moves.all);
      for (const shard of this.#shards) {
        shard.settle();
        if (!before.includes(shard)) this.#start(shard);
      }
      for (const shard of before) if (!this.#shards.includes(shard)) shard.door.close();
    });
  }

  /** The doors to the servers that have slots now. */
  #assigned(moves: Moves): readonly ShardDoor[] {
    const shards: ShardDoor[] = [];
    for (const [master, known] of assign(this.#topology.table.masters(), this.#shards)) {
      const shard = known ?? this.#build();
      shard.assign(master);
      shards.push(shard);
      for (const [from, to] of master.ranges) {
        moves.add(this.#router.slice(from, to + 1), shard);
        this.#router.fill(shard, from, to + 1);
      }
    }
    return shards;
  }

  /** Live connections to servers that answer. */
  #healthy(): (readonly [Connection, Address])[] {
    return this.#shards
      .flatMap(({ connections }) => [...connections].slice(-1))
      .filter(([connection]) => !connection.hesitates);
  }

  #connectionTo(announced: Address): Connection | undefined {
    const address = this.#options.source.nat(announced);
    for (const { connections } of this.#shards) {
      for (const [connection, own] of connections) {
        if (isSameAddress(own, address)) return connection;
      }
    }
    return undefined;
  }
}

/** Between which doors slots have moved. */
class Moves {
  readonly #pairs = new Map<ShardDoor, Set<ShardDoor>>();

  add(givers: readonly ShardDoor[], getter: ShardDoor): void {
    for (const giver of new Set(givers)) {
      if (giver === getter) continue;
      const getters = this.#pairs.get(giver) ?? new Set();
      this.#pairs.set(giver, getters.add(getter));
    }
  }

  get all(): readonly Move[] {
    return [...this.#pairs].flatMap(([{ door: from }, getters]) =>
      [...getters].map(({ door: to }) => ({ from, to })),
    );
  }
}
