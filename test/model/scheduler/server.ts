import { decodeValue } from '../../../lib/entry/codec.js';
import { classifyEntry, payloadOffset, withoutLease } from '../../../lib/entry/entry.js';
import { ScriptedRedis } from '../../../lib/testing/scripted-redis/scripted-redis.js';

/** The prefix of all keys. */
const PREFIX = 'cache:';
const RECORDS = ['__ech:{ech}:pos', '__ech:{ech}:gen'];

/** The server of a play, and a replica that lies behind. */
export class Server {
  readonly redis: ScriptedRedis;
  readonly #replica: ScriptedRedis;
  #isDemoted = false;

  constructor(nowMs: () => number) {
    this.redis = new ScriptedRedis(nowMs);
    this.#replica = new ScriptedRedis(nowMs);
    this.#follow();
  }

  /** The serial of the value that a process with the present generation would read. */
  reachable(key: string): number | undefined {
    const slot = this.redis.peek(PREFIX + key);
    if (typeof slot !== 'string') return undefined;
    const entry = withoutLease(slot);
    if (classifyEntry(entry, this.generation ?? '', key) !== 'usable') return undefined;
    return decodeValue(entry, payloadOffset(entry)) as number;
  }

  /** What entries must carry; `undefined` while both copies are gone. */
  get generation(): string | undefined {
    const record = this.redis.peek(PREFIX + RECORDS[0]);
    const copies = [
      this.redis.peek(PREFIX + RECORDS[1]),
      typeof record === 'object' ? record.gen : undefined,
    ];
    const [newest] = copies
      .filter((copy) => typeof copy === 'string')
      .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
    return newest?.slice(newest.indexOf(':') + 1);
  }

  /** Returns which key it was. */
  evict(at: number, keys: number): string {
    const name = at < keys ? `k${at}` : (RECORDS[at - keys] as string);
    this.redis.evict(PREFIX + name);
    return name;
  }

  flushScripts(): void {
    this.redis.execute(['SCRIPT', 'FLUSH']);
  }

  /** It becomes the replica of one that lacks the last commands. Whether it was a master. */
  demote(commands: number): boolean {
    if (this.#isDemoted || !this.redis.isUp) return false;
    this.#isDemoted = true;
    this.#replica.catchUp(Math.max(0, this.#replica.behind - commands));
    this.#replica.replicaOf(undefined);
    this.redis.replicaOf(this.#replica);
    return true;
  }

  promote(): void {
    if (!this.#isDemoted) return;
    this.#isDemoted = false;
    this.redis.replicaOf(undefined);
    this.#follow();
  }

  restart(without: 'dump' | 'nothing' | number): void {
    this.#isDemoted = false;
    if (typeof without === 'string') this.redis.restart({ from: without });
    else this.redis.restart({ from: 'log', without });
    this.#follow();
  }

  #follow(): void {
    this.#replica.replicaOf(this.redis);
    this.#replica.lag();
  }
}
