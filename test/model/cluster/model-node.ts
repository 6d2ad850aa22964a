import { type Address, addressText } from '../../../lib/redis/address.js';
import type { SlotRange } from '../../../lib/redis/cluster/anchors.js';
import { isWithin } from '../../../lib/redis/cluster/anchors.js';
import { slotOfKey } from '../../../lib/redis/cluster/key-slot.js';
import type { ScriptedServer } from '../../../lib/testing/scripted-network.js';
import { type Argument, toBytes, toText } from '../../../lib/testing/scripted-redis/bytes.js';
import { ErrorReply, type Reply } from '../../../lib/testing/scripted-redis/reply.js';
import { ScriptedRedis } from '../../../lib/testing/scripted-redis/scripted-redis.js';
import type { Wire } from '../../../lib/testing/scripted-wire.js';
import { TrackingTable } from './tracking-table.js';

/** One share of the slots, as a node believes it to be. */
export interface Share {
  readonly ranges: readonly SlotRange[];
  readonly master: ModelNode;
  readonly replica: ModelNode | undefined;
  /** The configuration epoch of the master. */
  readonly epoch: number;
}

/** What a node believes of the cluster. */
export type View = readonly Share[];

/** Commands without a key. */
const KEYLESS = new Set(
  'HELLO CLIENT CLUSTER INFO TIME PING ECHO SCAN SCRIPT READONLY ASKING'.split(' '),
);

/** One server of a cluster: a scripted Redis with slots, redirects, a view of the cluster and messages. */
export class ModelNode implements ScriptedServer {
  readonly id: string;
  readonly address: Address;
  readonly redis: ScriptedRedis;
  readonly tracking: TrackingTable = new TrackingTable();
  view: View = [];
  /** It does not hear what the other nodes agree on. */
  isIsolated = false;
  /** The one that was promoted in its place. */
  successor: ModelNode | undefined;
  /** The configuration epoch with which it was promoted. */
  promotedIn = 0;
  readonly #onExecuted: (node: ModelNode) => void;

  constructor(index: number, nowMs: () => number, onExecuted: (node: ModelNode) => void) {
    this.id = `${index}`.padStart(40, 'a');
    this.address = { host: `n${index}`, port: 7_000 };
    this.redis = new ScriptedRedis(nowMs);
    this.redis.pretend('cluster');
    this.#onExecuted = onExecuted;
  }

  get name(): string {
    return this.address.host;
  }

  get runId(): string {
    return this.redis.runId;
  }

  get isUp(): boolean {
    return this.redis.isUp;
  }

  get isHung(): boolean {
    return this.redis.isHung;
  }

  watch: ScriptedServer['watch'] = (watcher) => this.redis.watch(watcher);

  execute(args: readonly Argument[], by: Wire): Reply | ErrorReply {
    const words = args.map((each) => toText(toBytes(each)));
    const name = String(words[0]).toUpperCase();
    if (name === 'CLIENT') return this.tracking.client(words, by);
    if (name === 'CLUSTER') return this.#cluster(String(words[1]));
    const keys = keysOf(words);
    const refused = this.#redirect(keys);
    if (refused !== undefined) return refused;
    const reply = this.telling(() => this.redis.execute(args));
    this.tracking.read(keys, by);
    this.#onExecuted(this);
    return reply;
  }

  /** Does something to its data, and tells who asked to be told. */
  telling<T>(change: () => T): T {
    const before = this.tracking.keys.map((key) => [key, this.#text(key)] as const);
    const result = change();
    for (const [key, text] of before) if (this.#text(key) !== text) this.tracking.tell(key);
    return result;
  }

  #text(key: string): string | undefined {
    const value = this.redis.peek(key);
    return typeof value === 'object' ? JSON.stringify(value) : value;
  }

  #redirect(keys: readonly string[]): ErrorReply | undefined {
    const [first, ...others] = keys.map(slotOfKey);
    if (first === undefined) return undefined;
    if (others.some((slot) => slot !== first)) {
      return new ErrorReply("CROSSSLOT Keys in request don't hash to the same slot");
    }
    const owner = this.view.find(({ ranges }) => isWithin(ranges, first))?.master;
    if (owner === undefined) return new ErrorReply('CLUSTERDOWN Hash slot not served');
    return owner === this
      ? undefined
      : new ErrorReply(`MOVED ${first} ${addressText(owner.address)}`);
  }

  #cluster(what: string): Reply | ErrorReply {
    if (what.toUpperCase() === 'SLOTS') {
      return this.view.flatMap(({ ranges, master, replica }) => {
        const servers = [master, ...(replica === undefined ? [] : [replica])];
        return ranges.map(([from, to]) => [from, to, ...servers.map(describe)]);
      });
    }
    const lines = this.view.flatMap(({ master, replica, epoch }) => [
      line(master, 'master', epoch),
      ...(replica === undefined ? [] : [line(replica, 'slave', epoch)]),
    ]);
    return `${lines.join('\n')}\n`;
  }
}

function describe({ address: { host, port }, id }: ModelNode): readonly Reply[] {
  return [host, port, id];
}

function line({ id, address }: ModelNode, role: string, epoch: number): string {
  return `${id} ${addressText(address)}@17000 ${role} - 0 0 ${epoch} connected`;
}

/** The keys that a command names. */
export function keysOf(words: readonly string[]): readonly string[] {
  const name = String(words[0]).toUpperCase();
  if (KEYLESS.has(name)) return [];
  if (name === 'EVAL' || name === 'EVALSHA') return words.slice(3, 3 + Number(words[2]));
  const isMany = name === 'MGET' || name === 'DEL' || name === 'UNLINK';
  return isMany ? words.slice(1) : words.slice(1, 2);
}
