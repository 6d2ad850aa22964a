import type { CacheHandle } from '../../../lib/cache/cache.js';
import { buildCache, buildRemote } from '../../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../../lib/cache/parse-options.js';
import { type Address, addressText } from '../../../lib/redis/address.js';
import type { ClusterServers, RedisClientLike } from '../../../lib/redis/connection/client.js';
import type { Remote } from '../../../lib/redis/remote.js';
import { ScriptedNetwork } from '../../../lib/testing/scripted-network.js';
import type { Oracle } from '../oracle/oracle.js';
import type { Player, Request } from '../performer/theatre.js';
import type { ProcessClock, SteppedTime } from '../scheduler/stepped-time.js';
import { LEASE_WAIT, type Setting } from '../setting.js';
import type { ModelCluster } from './model-cluster.js';
import { keysOf, type ModelNode } from './model-node.js';

/** What is longer on its way than this keeps a process from hearing of Redis in time. */
const SLOW_MS = 50;

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

/** What can happen to the network between a process and a server. */
export type Weather = 'stall' | 'flow' | 'cut' | 'cutGhostly' | 'refuse' | 'loseReply';

/** One process before a cluster: its cache, its clock, and a network to each server. */
export class ClusterActor implements Player {
  readonly name: string;
  readonly cache: CacheHandle;
  readonly clock: ProcessClock;
  readonly serverTime: Player['serverTime'];
  request?: Request;
  readonly #stage: ClusterStage;
  readonly #networks = new Map<ModelNode, ScriptedNetwork>();
  readonly #remote: Remote;
  /** The latest epoch in which it has used a server: its address in the status. */
  readonly #known = new Map<string, number>();
  #isCutOff = false;
  #state: 'running' | 'stopped' = 'running';
  #stopped = signal();
  #disturbedMs: number;
  #longestDelayMs = 0;

  constructor(stage: ClusterStage) {
    const { name, setting, cluster, time, oracle } = stage;
    const { nodes } = cluster;
    this.#stage = stage;
    this.name = name;
    this.clock = time.newClock();
    this.#disturbedMs = time.now();
    for (const node of nodes) {
      const network = new ScriptedNetwork(`${name}>${node.name}`, node, (label, then) => {
        void this.#event(label, then);
      });
      this.#networks.set(node, network);
    }
    const onLine = (line: string): void => {
      if (/counts? as gone/.test(line)) oracle.mayFlush(name);
    };
    const parsed = parseCacheOptions({
      redis: { cluster: { nodes: nodes.map(({ address }) => `redis://${addressText(address)}`) } },
      ttl: setting.ttl,
      commandTimeout: setting.commandTimeout,
      leaseWait: LEASE_WAIT,
      memory: { max: setting.memoryMax, outageTtl: setting.outageTtl },
      journal: { max: setting.journalMax },
      near: { maxStale: stage.maxStale },
      logger: { info: () => {}, warn: onLine, error: onLine },
    });
    const redis: ClusterServers = {
      kind: 'cluster',
      nodes: nodes.map(({ address }) => address),
      nat: (address) => address,
      connect: (address) => this.#client(address),
    };
    const config = { ...parsed, redis };
    this.#remote = buildRemote(config, this.clock);
    this.serverTime = { now: () => 0, latest: () => this.#errorMs() };
    this.cache = buildCache(config, { clock: this.clock, remote: this.#remote });
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Resolves when it does not run any more. */
  get untilStopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** The longest that anything was on its way. */
  get longestDelayMs(): number {
    return this.#longestDelayMs;
  }

  /** Since when nothing keeps it from hearing of Redis and telling it. */
  get undisturbedSince(): number {
    const isDisturbed = this.#state !== 'running' || this.#isCutOff;
    return isDisturbed ? Number.POSITIVE_INFINITY : this.#disturbedMs;
  }

  /** Redis itself did not answer until now. */
  disturbed(): void {
    this.#disturbedMs = this.#stage.time.now();
  }

  /** `node` absent: to all servers. */
  suffer(what: Weather, node?: ModelNode): void {
    this.disturbed();
    this.#isCutOff = what === 'stall' || what === 'refuse' || (this.#isCutOff && what !== 'flow');
    for (const [each, network] of this.#networks) {
      if (node !== undefined && each !== node) continue;
      if (what === 'stall') network.stall();
      if (what === 'flow' || what === 'refuse') network[what === 'flow' ? 'admit' : 'refuse']();
      if (what === 'flow') network.flow();
      if (what === 'loseReply') network.loseReply();
      if (what === 'cut' || what === 'refuse') network.cut();
      if (what === 'cutGhostly') network.cut({ ghostly: true });
    }
  }

  stop(): void {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    this.#stopped.resolve();
    this.clock.stop({ isAsleep: false });
    for (const network of this.#networks.values()) network.suspend();
  }

  goOn(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    this.#stopped = signal();
    this.disturbed();
    this.clock.goOn();
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
    const { time, turn } = this.#stage;
    const scheduledMs = time.now();
    await turn(label);
    const tookMs = time.now() - scheduledMs;
    this.#longestDelayMs = Math.max(this.#longestDelayMs, tookMs);
    if (tookMs > SLOW_MS) this.disturbed();
    then();
  }
}

function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
