import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { askRedis } from './ask-redis.js';
import type { BreakableRedis } from './break-redis.js';
import { PrivateRedis } from './private-redis.js';

const PRIMARIES = 3;
const SLOTS = 16_384;
/** How far the port of the cluster's own bus lies above that of the clients. */
const BUS = 10_000;
const GIVE_UP_AFTER_MS = 20_000;

/** A Redis Cluster of the app's own: three primaries with a replica each. What the page breaks is one primary. */
export class PrivateCluster implements BreakableRedis {
  readonly what = 'one of three primaries of a private Redis Cluster';
  readonly #nodes: readonly PrivateRedis[];
  readonly #folder: string;
  #victim: PrivateRedis;

  private constructor(nodes: readonly [PrivateRedis, ...PrivateRedis[]], folder: string) {
    this.#nodes = nodes;
    this.#victim = nodes[0];
    this.#folder = folder;
  }

  static async start(): Promise<PrivateCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'point-of-sale-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const nodes = await Promise.all(Array.from({ length: 2 * PRIMARIES }, () => startNode(folder)));
    const cluster = new PrivateCluster(nodes as [PrivateRedis, ...PrivateRedis[]], folder);
    await cluster.#form();
    return cluster;
  }

  get url(): string {
    return `redis-cluster://${this.#nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  get state(): PrivateRedis['state'] {
    return this.#victim.state;
  }

  async kill(): Promise<void> {
    await this.#choose();
    await this.#victim.kill();
  }

  async freeze(): Promise<void> {
    await this.#choose();
    this.#victim.freeze();
  }

  start(): Promise<void> {
    return this.#victim.start();
  }

  /** Ends all servers. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The next victim is a primary: the last one may have been replaced by its replica. */
  async #choose(): Promise<void> {
    if (this.#victim.state !== 'running') return;
    for (const node of this.#nodes) {
      if (node.state !== 'running') continue;
      const told = await askRedis(node.port, '127.0.0.1', 'INFO replication');
      if (told?.includes('role:master')) {
        this.#victim = node;
        return;
      }
    }
  }

  async #form(): Promise<void> {
    const [first] = this.#nodes as [PrivateRedis];
    for (const [i, node] of this.#nodes.entries()) {
      await mustDo(node, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
      if (i < PRIMARIES) await mustDo(node, `CLUSTER ADDSLOTSRANGE ${rangeOf(i)}`);
      if (node !== first)
        await mustDo(first, `CLUSTER MEET 127.0.0.1 ${node.port} ${node.port + BUS}`);
    }
    await this.#until('cluster_known_nodes:6');
    for (const [i, node] of this.#nodes.slice(PRIMARIES).entries()) {
      const id = await askRedis((this.#nodes[i] as PrivateRedis).port, '127.0.0.1', 'CLUSTER MYID');
      await untilDone(node, `CLUSTER REPLICATE ${id}`);
    }
    await this.#until('cluster_state:ok');
  }

  async #until(words: string): Promise<void> {
    for (const node of this.#nodes) await untilDone(node, 'CLUSTER INFO', words);
  }
}

async function startNode(folder: string): Promise<PrivateRedis> {
  const file = (port: number): string => join(folder, `nodes-${port}.conf`);
  return PrivateRedis.start((port) => [
    ...['--cluster-enabled', 'yes', '--cluster-config-file', file(port)],
    ...['--cluster-node-timeout', '2000'],
    ...['--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0'],
  ]);
}

function rangeOf(share: number): string {
  const from = Math.ceil((share * SLOTS) / PRIMARIES);
  return `${from} ${Math.ceil(((share + 1) * SLOTS) / PRIMARIES) - 1}`;
}

async function mustDo(node: PrivateRedis, command: string): Promise<void> {
  const told = await askRedis(node.port, '127.0.0.1', command);
  if (!told?.startsWith('+OK')) throw new Error(`${command}: ${told ?? 'no answer'}`);
}

async function untilDone(node: PrivateRedis, command: string, words = '+OK'): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
  while (!(await askRedis(node.port, '127.0.0.1', command))?.includes(words)) {
    if (performance.now() > giveUpAt) throw new Error(`${command} did not come to ${words}`);
    await pause(50);
  }
}
