import { RESERVED } from '../../entry/layout.js';
import { Failure } from '../../redis/failure.js';
import type { Shard } from '../shard.js';
import type { Shards } from '../shards.js';

/**
 * One text of the cache's own in Redis, under a reserved name within the prefix, in one slot of a cluster. It is no
 * entry: `clear()` leaves it, and no generation ends it.
 */
export class KeptText {
  readonly name = 'Redis';
  readonly #shards: Pick<Shards, 'of'>;
  readonly #key: string;

  constructor(shards: Pick<Shards, 'of'>, name: string) {
    this.#shards = shards;
    this.#key = `${RESERVED}{ech}:${name}`;
  }

  get isReachable(): boolean {
    return this.#shard.hasRedis && this.#shard.door.reader !== undefined;
  }

  /** The first `maxBytes`; `undefined`: there is none, or Redis is away. Rejects if Redis refuses. */
  async read(maxBytes: number): Promise<string | undefined> {
    const { door, hasRedis } = this.#shard;
    if (!hasRedis || door.reader === undefined) return undefined;
    const reply = await door.reader.readText(this.#shard.fullKey(this.#key), maxBytes);
    if (!(reply instanceof Failure)) return reply === '' ? undefined : reply;
    // Another program put something else there. The next write replaces it.
    if (reply.isAbout('WRONGTYPE') || reply.kind === 'unavailable') return undefined;
    throw reply.error;
  }

  /** Does nothing while Redis takes no changes. Rejects if Redis refuses. */
  async write(text: string, lifeMs: number): Promise<void> {
    const { door, hasRedis } = this.#shard;
    if (!hasRedis || door.writer === undefined) return;
    const key = this.#shard.fullKey(this.#key);
    const failure = await door.writer.writeText(key, text, lifeMs);
    if (failure !== undefined && failure.kind !== 'unavailable') throw failure.error;
  }

  get #shard(): Shard {
    return this.#shards.of(this.#key).shard;
  }
}
