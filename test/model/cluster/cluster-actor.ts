import type { CacheHandle } from '../../../lib/cache/cache.js';
import { buildCache, buildRemote } from '../../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../../lib/cache/parse-options.js';
import { type Address, addressText } from '../../../lib/redis/address.js';
import type { ClusterServers, RedisClientLike } from '../../../lib/redis/connection/client.js';
import type { Remote } from '../../../lib/redis/remote.js';
import { ScriptedNetwork } from '../../../lib/testing/scripted-network.js';
import type { Oracle } from '../oracle/oracle.js';
import { flushListener } from '../performer/flushes.js';
import type { Player, Request } from '../performer/theatre.js';
import { Life } from '../scheduler/life.js';
import type { SteppedTime } from '../scheduler/stepped-time.js';
import { befall, type Weather } from '../scheduler/weather.js';
import { LEASE_WAIT, type Setting } from '../setting.js';
import type { ModelCluster } from './model-cluster.js';
import { keysOf, type ModelNode } from './model-node.js';

export interface ClusterStage {
  readonly name: string;
  readonly setting: Setting;
  readonly maxStale: number;
  readonly cluster: ModelCluster;
  readonly time: SteppedTime;
  readonly oracle: Oracle;
  /** Resolves when it is this event's turn. */
  readonly turn: (label: string) => Promise<void>;
}

/** One process before a cluster: its cache, and a network to each server. */
export class ClusterActor implements Player {
  readonly name: string;
  readonly cache: CacheHandle;
  readonly life: Life;
  readonly serverTime: Player['serverTime'];
  request?: Request;
  readonly #stage: ClusterStage;
  readonly #networks = new Map<ModelNode, ScriptedNetwork>();
  readonly #remote: Remote;
  /** The latest epoch in which it has used a server: its address in the status. */
  readonly #known = new Map<string, number>();

  constructor(stage: ClusterStage) {
    const { name, setting, cluster, time, oracle } = stage;
    const { nodes } = cluster;
    this.#stage = stage;
    this.name = name;
    this.life = new Life(time);
    for (const node of nodes) {
      const network = new ScriptedNetwork(`${name}>${node.name}`, node, (label, then) => {
        void this.#event(label, then);
      });
      this.#networks.set(node, network);
    }
    const parsed = parseCacheOptions({
      redis: { cluster: { nodes: nodes.map(({ address }) => `redis://${addressText(address)}`) } },
      ttl: setting.ttl,
      commandTimeout: setting.commandTimeout,
      leaseWait: LEASE_WAIT,
      memory: { max: setting.memoryMax, outageTtl: setting.outageTtl },
      journal: { max: setting.journalMax },
      near: { maxStale: stage.maxStale },
      logger: flushListener(() => oracle.mayFlush(name)),
    });
    const redis: ClusterServers = {
      kind: 'cluster',
      nodes: nodes.map(({ address }) => address),
      nat: (address) => address,
      connect: (address) => this.#client(address),
    };
    const config = { ...parsed, redis };
    const { clock } = this.life;
    this.#remote = buildRemote(config, clock);
    const now = (): number => clock.now();
    this.serverTime = { now, latest: () => now() + this.#errorMs() };
    this.cache = buildCache(config, { clock, remote: this.#remote });
  }

  /** `node` absent: to all servers. */
  suffer(weather: Weather, node?: ModelNode): void {
    this.life.suffers(weather);
    for (const [each, network] of this.#networks) {
      if (node === undefined || each === node) befall(network, weather);
    }
  }

  stop(): void {
    this.life.stop();
    for (const network of this.#networks.values()) network.suspend();
  }

  goOn(): void {
    this.life.goOn();
    for (const network of this.#networks.values()) network.resume();
  }

  /** Whether it has used this server since that was promoted. */
  knows({ address, promotedIn }: ModelNode): boolean {
    for (const shard of this.cache?.status().shards ?? []) {
      this.#known.set(shard.address, this.#stage.cluster.epoch);
    }
    return (this.#known.get(addressText(address)) ?? 0) >= promotedIn;
  }

  /** The largest error of what it knows of a server's time. */
  #errorMs(): number {
    const errors = this.#remote.doors.map(({ time }) => time.latest() - time.now());
    return Math.max(0, ...errors);
  }

  /** F2 is looked at where commands are sent. */
  #client(address: Address): RedisClientLike {
    const { nodes } = this.#stage.cluster;
    const node = nodes.find((each) => addressText(each.address) === addressText(address));
    if (node === undefined) throw new Error(`nobody is at ${addressText(address)}`);
    const client = (this.#networks.get(node) as ScriptedNetwork).createClient(3, true);
    const send = client.sendCommand.bind(client);
    client.sendCommand = (args) => {
      if (keysOf(args.map(String)).length > 0) this.#mustBeServed(node, String(args[0]));
      return send(args);
    };
    return client;
  }

  /** It may not use a server once it has known the one that was promoted in its place. */
  #mustBeServed({ name, successor }: ModelNode, command: string): void {
    if (successor === undefined || !this.knows(successor)) return;
    const { oracle } = this.#stage;
    oracle.fail('F2', `${this.name} sends ${command} to ${name}, and knows ${successor.name}`);
  }

  async #event(label: string, then: () => void): Promise<void> {
    await this.life.expects(this.#stage.turn(label));
    then();
  }
}
