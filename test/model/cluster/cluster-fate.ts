import { anchorOf } from '../../../lib/redis/cluster/anchors.js';
import type { Oracle } from '../oracle/oracle.js';
import type { ClusterActor } from './cluster-actor.js';
import type { ModelCluster } from './model-cluster.js';
import type { ModelNode } from './model-node.js';

const PREFIX = 'cache:';

interface Stage {
  readonly oracle: Oracle;
  readonly cluster: ModelCluster;
  readonly actors: readonly ClusterActor[];
  /** Journals hold so much that none overflows. */
  readonly mayMoveBack: boolean;
}

/** What happens to the servers, and what the oracle must know of it. */
export class ClusterFate {
  readonly #stage: Stage;
  /** When the records of a server moved last. */
  recordsMovedMs: number = Number.NEGATIVE_INFINITY;
  readonly #moved = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  freeze(at: number): void {
    this.#stage.cluster.share(at).master.redis.hang();
  }

  /** Everybody on this share: its master, and the one that was its master. */
  thaw(at: number): void {
    const { master, replica } = this.#stage.cluster.share(at);
    for (const node of [master, replica]) if (node?.isHung === true) this.#thaw(node);
  }

  promote(at: number, commands: number): void {
    const { cluster, oracle } = this.#stage;
    const share = cluster.share(at);
    const isByHand = !share.master.isHung;
    if (share.replica === undefined || share.replica.isHung) return;
    if (!cluster.promote(at, isByHand ? 0 : commands)) return;
    this.#disturbAll();
    oracle.forgotten((key) => cluster.shareOf(key) === cluster.share(at));
    if (!isByHand) return;
    // What it holds for its readers ends with its reign.
    cluster.learn(share.master);
  }

  isolate(index: number): void {
    const node = this.#stage.cluster.nodes[index];
    if (node !== undefined) node.isIsolated = true;
  }

  hear(index: number): void {
    const node = this.#stage.cluster.nodes[index];
    if (node !== undefined && !node.isHung) this.#stage.cluster.learn(node);
  }

  fullTable(at: number): void {
    const { tracking } = this.#stage.cluster.share(at).master;
    for (const key of tracking.keys) tracking.tell(key);
  }

  move(key: string): void {
    if (this.#moved.has(key) && !this.#stage.mayMoveBack) return;
    const { cluster, oracle } = this.#stage;
    if (!cluster.move(PREFIX + key)) return;
    this.#moved.add(key);
    this.#disturbAll();
    // It arrives empty (guarantees).
    oracle.residues.evicted(oracle.now(), (other) => other === key);
    oracle.loads.leasesMayBeLost();
  }

  /** With its records a server gets another generation: all of its values are misses then. */
  moveRecords(at: number): void {
    const { cluster, oracle } = this.#stage;
    const tag = `{${anchorOf(cluster.share(at).ranges)}}`;
    if (this.#moved.has(tag) || !cluster.move(tag)) return;
    this.#moved.add(tag);
    this.recordsMovedMs = oracle.now();
    this.#disturbAll();
    oracle.residues.evicted(oracle.now(), () => true);
    oracle.loads.leasesMayBeLost();
  }

  evict(key: string): void {
    const { cluster, oracle } = this.#stage;
    const { master } = cluster.shareOf(key);
    master.telling(() => master.redis.evict(PREFIX + key));
    oracle.residues.evicted(oracle.now(), (other) => other === key);
    oracle.loads.leasesMayBeLost();
  }

  endAll(): void {
    for (const node of this.#stage.cluster.nodes) {
      if (node.isHung) this.#thaw(node);
      this.#stage.cluster.learn(node);
    }
  }

  /** It executes what had arrived, and then it learns that it is no master any more, unless it is isolated. */
  #thaw(node: ModelNode): void {
    this.#disturbAll();
    node.redis.thaw();
    if (!node.isIsolated) this.#stage.cluster.learn(node);
  }

  #disturbAll(): void {
    for (const actor of this.#stage.actors) actor.life.disturbed();
  }
}
