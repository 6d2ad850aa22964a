import { createServer } from 'node:net';
import { slotOfKey } from '../../../lib/redis/cluster/key-slot.js';
import { freePort, RedisServer } from '../redis-server.js';
import { until } from '../wait.js';

export interface ClusterOptions {
  readonly masters?: number;
  /** Replicas of each master. */
  readonly replicas?: 0 | 1;
  /** Whether no key is served while the slots of one server are not. */
  readonly isFullCoverage?: boolean;
  /** How long a node must be silent until the others count it as failed. @default 1000 */
  readonly nodeTimeoutMs?: number;
  /** Further arguments of each server. */
  readonly args?: readonly string[];
}

const SLOTS = 16_384;

/** How far the port of the cluster's bus lies above that of the clients. */
const BUS = 10_000;

/** A real Redis Cluster on the loopback interface. */
export class Cluster {
  /** Node `i` has the slots of share `i`; the replica of it is node `masters + i`. */
  readonly nodes: readonly RedisServer[];
  readonly #masters: number;

  private constructor(nodes: readonly RedisServer[], masters: number) {
    this.nodes = nodes;
    this.#masters = masters;
  }

  /** Settles when every node says that the cluster serves, and the replicas have their data. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { masters = 3, replicas = 1, isFullCoverage = false, nodeTimeoutMs = 1_000 } = options;
    const args = [
      ...['--cluster-enabled', 'yes', '--cluster-node-timeout', `${nodeTimeoutMs}`],
      ...['--cluster-require-full-coverage', isFullCoverage ? 'yes' : 'no'],
      ...['--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0'],
      ...(options.args ?? []),
    ];
    const count = masters * (1 + replicas);
    const ports: number[] = [];
    while (ports.length < count) ports.push(await freePortPair());
    const nodes = await Promise.all(ports.map((port) => RedisServer.start({ port, args })));
    const made = new Cluster(nodes, masters);
    await made.#form();
    return made;
  }

  get urls(): string[] {
    return this.nodes.map(({ port }) => `redis://127.0.0.1:${port}`);
  }

  get url(): string {
    return `redis-cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  get masters(): readonly RedisServer[] {
    return this.nodes.slice(0, this.#masters);
  }

  replicaOf(share: number): RedisServer {
    const replica = this.nodes[this.#masters + share];
    if (replica === undefined) throw new Error(`share ${share} has no replica`);
    return replica;
  }

  /** The slots of a share. */
  rangeOf(share: number): readonly [number, number] {
    const size = SLOTS / this.#masters;
    return [Math.floor(share * size), Math.floor((share + 1) * size) - 1];
  }

  /** Keys (without prefix) of a share. */
  keysOf(share: number, count: number, prefix = 'cache:'): string[] {
    const [from, to] = this.rangeOf(share);
    const keys: string[] = [];
    for (let n = 0; keys.length < count; n++) {
      const slot = slotOfKey(`${prefix}k${n}`);
      if (slot >= from && slot <= to) keys.push(`k${n}`);
    }
    return keys;
  }

  async idOf(node: RedisServer): Promise<string> {
    return String(await node.command('CLUSTER', 'MYID'));
  }

  /** Moves a slot with its keys, as `redis-cli --cluster reshard` does. */
  async move(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
    const [source, target] = [await this.idOf(from), await this.idOf(to)];
    await to.command('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', source);
    await from.command('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', target);
    await this.moveKeys(slot, from, to);
    await to.command('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target);
    await from.command('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target);
  }

  async moveKeys(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
    for (;;) {
      const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', `${slot}`, '100')) as string[];
      if (keys.length === 0) return;
      const place = ['127.0.0.1', `${to.port}`, '', '0', '5000', 'KEYS'];
      await from.command('MIGRATE', ...place, ...keys);
    }
  }

  /** The ports that the nodes which answer name for a slot. */
  async ownerOf(slot: number, by: RedisServer): Promise<number | undefined> {
    const rows = (await by.command('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    return rows.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #form(): Promise<void> {
    const [first, ...others] = this.nodes as [RedisServer, ...RedisServer[]];
    await Promise.all(
      this.nodes.map((node, i) => node.command('CLUSTER', 'SET-CONFIG-EPOCH', `${i + 1}`)),
    );
    await Promise.all(
      this.masters.map((node, i) =>
        node.command('CLUSTER', 'ADDSLOTSRANGE', ...this.rangeOf(i).map(String)),
      ),
    );
    for (const { port } of others) {
      await first.command('CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${port + BUS}`);
    }
    const { length } = this.nodes;
    await until(
      () => this.#all((info) => info.includes(`cluster_known_nodes:${length}\r`)),
      'they met',
    );
    await Promise.all(this.nodes.slice(this.#masters).map((node, i) => this.#follow(node, i)));
    await until(() => this.#all((info) => info.includes('cluster_state:ok')), 'the cluster serves');
    // Without full coverage a node serves before it knows the slots of the others.
    await until(
      () => this.#all((info) => info.includes(`cluster_slots_assigned:${SLOTS}\r`)),
      'every node knows every slot',
    );
    const links = this.nodes.slice(this.#masters).map((node) => async () => {
      return String(await node.command('INFO', 'replication')).includes('master_link_status:up');
    });
    for (const isUp of links) await until(isUp, 'a replica has its data');
  }

  async #follow(replica: RedisServer, share: number): Promise<void> {
    const id = await this.idOf(this.masters[share] as RedisServer);
    const follow = (): Promise<boolean> =>
      replica.command('CLUSTER', 'REPLICATE', id).then(
        () => true,
        () => false,
      );
    await until(follow, 'the replica knows its master');
  }

  async #all(fits: (info: string) => boolean): Promise<boolean> {
    const infos = await Promise.all(this.nodes.map((node) => node.command('CLUSTER', 'INFO')));
    return infos.every((info) => fits(String(info)));
  }
}

/** A free port whose bus port is free, too. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await isFree(port + BUS)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
