import { decodeValue } from '../../../lib/entry/codec.js';
import { classifyEntry, payloadOffset, withoutLease } from '../../../lib/entry/entry.js';
import { anchorOf, isWithin, type SlotRange } from '../../../lib/redis/cluster/anchors.js';
import { SLOTS, slotOfKey } from '../../../lib/redis/cluster/key-slot.js';
import type { ScriptedRedis } from '../../../lib/testing/scripted-redis/scripted-redis.js';
import { KEYS } from '../calls.js';
import { ModelNode, type Share, type View } from './model-node.js';

const PREFIX = 'cache:';

/** The share of the first server has two of the three keys. */
const RANGES: readonly SlotRange[] = [
  [0, SLOTS / 2 - 1],
  [SLOTS / 2, SLOTS - 1],
];

/** What a server showed or acknowledged may be looked at so much later. */
const RIVAL_MS = 300;

/** Two masters with a replica each, which lags until it is promoted. */
export class ModelCluster {
  readonly nodes: readonly ModelNode[];
  #truth: View;
  #epoch = RANGES.length;
  readonly #rivalledMs = new Map<ModelNode, number>();
  readonly #nowMs: () => number;
  readonly #onSeen: (key: string, serial: number | undefined) => void;

  /** `onSeen`: whatever a process would read under a key, each time that a server has executed something. */
  constructor(nowMs: () => number, onSeen: (key: string, serial: number | undefined) => void) {
    this.#nowMs = nowMs;
    this.#onSeen = onSeen;
    const make = (index: number): ModelNode => new ModelNode(index, nowMs, () => this.#look());
    this.nodes = [0, 1, 2, 3].map(make);
    this.#truth = RANGES.map((range, share) => {
      const [master, replica] = [this.nodes[share], this.nodes[share + RANGES.length]];
      follow(replica as ModelNode, (master as ModelNode).redis);
      return { ranges: [range], master: master as ModelNode, replica, epoch: share + 1 };
    });
    this.#announce(this.#truth);
  }

  /** It grows with each promotion and each move. */
  get epoch(): number {
    return this.#epoch;
  }

  share(at: number): Share {
    return this.#truth[at % this.#truth.length] as Share;
  }

  shareOf(key: string): Share {
    const slot = slotOfKey(PREFIX + key);
    return this.#truth.find(({ ranges }) => isWithin(ranges, slot)) as Share;
  }

  /** The serial of the value that a process which has heard of everything would read. */
  reachable(key: string): number | undefined {
    const { master } = this.shareOf(key);
    const slot = master.redis.peek(PREFIX + key);
    if (typeof slot !== 'string') return undefined;
    const entry = withoutLease(slot);
    if (classifyEntry(entry, this.generationFor(key) ?? '', key) !== 'usable') return undefined;
    return decodeValue(entry, payloadOffset(entry)) as number;
  }

  /** What entries of this key must carry; `undefined` while its server has no records. */
  generationFor(key: string): string | undefined {
    const { master, ranges } = this.shareOf(key);
    const own = `${PREFIX}__ech:{${anchorOf(ranges)}}:`;
    const record = master.redis.peek(`${own}pos`);
    const copies = [
      master.redis.peek(`${own}gen`),
      typeof record === 'object' ? record.gen : undefined,
    ];
    const [newest] = copies
      .filter((copy) => typeof copy === 'string')
      .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
    return newest?.slice(newest.indexOf(':') + 1);
  }

  /**
   * Promotes the replica of a share, which lacks the last `commands`. Whether there was one. An isolated one gets no
   * votes.
   */
  promote(at: number, commands: number): boolean {
    const share = this.share(at);
    const { master, replica } = share;
    if (replica === undefined || replica.isIsolated) return false;
    replica.redis.catchUp(Math.max(0, replica.redis.behind - commands));
    replica.redis.replicaOf(undefined);
    master.successor = replica;
    replica.successor = undefined;
    replica.promotedIn = ++this.#epoch;
    const after = { ...share, master: replica, replica: master, epoch: this.#epoch };
    this.#announce(this.#truth.map((each) => (each === share ? after : each)));
    // A frozen one learns of it when it thaws.
    if (!master.isHung) follow(master, replica.redis);
    return true;
  }

  /** The server that has this key, if an isolated one still acts as if it had it, or did so a moment ago. */
  rivalledBy(key: string): ModelNode | undefined {
    const { master, replica } = this.shareOf(key);
    const isActing = replica?.successor === master && replica.isIsolated && !replica.isHung;
    if (isActing) this.#rivalledMs.set(master, this.#nowMs());
    const lastMs = this.#rivalledMs.get(master) ?? Number.NEGATIVE_INFINITY;
    return this.#nowMs() - lastMs <= RIVAL_MS ? master : undefined;
  }

  /** It has executed what had arrived. Then it learns what the others agree on. */
  learn(node: ModelNode): void {
    for (let key = 0; key < KEYS; key++) this.rivalledBy(`k${key}`);
    node.isIsolated = false;
    node.view = this.#truth;
    const share = this.#truth.find(({ replica }) => replica === node);
    if (share !== undefined) follow(node, share.master.redis);
  }

  /** Moves the slot of a key, and what is in it, to the other server. Whether it could. */
  move(slotKey: string): boolean {
    const slot = slotOfKey(slotKey);
    const from = this.#truth.find(({ ranges }) => isWithin(ranges, slot)) as Share;
    const to = this.#truth.find((share) => share !== from) as Share;
    if ([from, to].some(({ master }) => master.isHung || master.isIsolated)) return false;
    const keys = from.master.redis.keys().filter((key) => slotOfKey(key) === slot);
    for (const key of keys) copy(key, from.master.redis, to.master.redis);
    from.master.telling(() => {
      for (const key of keys) from.master.redis.evict(key);
    });
    const left = from.ranges.flatMap((range) => without(range, slot));
    const ranges = [...to.ranges, [slot, slot] as const].toSorted(([a], [b]) => a - b);
    const epoch = ++this.#epoch;
    this.#announce(
      this.#truth.map((each) =>
        each === from ? { ...from, ranges: left } : { ...to, ranges, epoch },
      ),
    );
    return true;
  }

  #announce(truth: View): void {
    this.#truth = truth;
    for (const node of this.nodes) if (!node.isHung && !node.isIsolated) node.view = truth;
    this.#look();
  }

  #look(): void {
    for (let key = 0; key < KEYS; key++) this.#onSeen(`k${key}`, this.reachable(`k${key}`));
  }
}

function follow(replica: ModelNode, master: ScriptedRedis): void {
  replica.telling(() => replica.redis.replicaOf(master));
  replica.redis.lag();
}

function copy(key: string, from: ScriptedRedis, to: ScriptedRedis): void {
  const value = from.peek(key);
  const leftMs = from.msLeft(key) ?? Number.POSITIVE_INFINITY;
  if (typeof value === 'object') {
    to.execute(['HSET', key, ...Object.entries(value).flat()]);
  } else if (value !== undefined) {
    const ends = Number.isFinite(leftMs) ? ['PX', `${Math.max(1, leftMs)}`] : [];
    to.execute(['SET', key, value, ...ends]);
  }
}

function without([from, to]: SlotRange, slot: number): readonly SlotRange[] {
  if (slot < from || slot > to) return [[from, to]];
  const parts: SlotRange[] = [
    [from, slot - 1],
    [slot + 1, to],
  ];
  return parts.filter(([a, b]) => a <= b);
}
