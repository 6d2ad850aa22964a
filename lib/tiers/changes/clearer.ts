import type { WriteResult } from '../../api/cache.js';
import { compileGlob } from '../../core/glob.js';
import { Failure } from '../../redis/failure.js';
import type { Shard } from '../shard.js';
import type { Replay } from './replay.js';
import type { Sweeper } from './sweeper.js';
import type { Writer } from './writer.js';

export interface ClearerParts {
  readonly writer: Writer;
  readonly replay: Replay;
  readonly sweeper: Sweeper;
}

const EVERYTHING = '*';

/**
 * Clears everything by a change of generation, or a pattern as of the moment of the call.
 *
 * Invariants: what was called before the clear and not sent is part of it; what is called after it is sent
 * after the generation's answer; a later `set` stays.
 */
export class Clearer {
  readonly #shard: Shard;
  readonly #parts: ClearerParts;

  constructor(shard: Shard, parts: ClearerParts) {
    this.#shard = shard;
    this.#parts = parts;
  }

  async clear(pattern: string): Promise<WriteResult> {
    const { door, ledger, tools, hasRedis } = this.#shard;
    const limit = door.time.stamp().high;
    door.time.raiseFloor(limit);
    ledger.beginAll();
    if (pattern === EVERYTHING) ledger.clearAll(limit);
    else ledger.clearPattern(pattern, limit);
    tools.standby.deleteMatching(compileGlob(pattern));
    if (!hasRedis) return tools.config.isEnabled ? 'applied' : 'deferred';
    return pattern === EVERYTHING ? this.#everything() : this.#pattern(pattern);
  }

  async #everything(): Promise<WriteResult> {
    const { door, ledger } = this.#shard;
    const { writer, replay, sweeper } = this.#parts;
    writer.supersede(() => true);
    if (this.#shard.writer === undefined) return this.#everythingLater();
    const mark = ledger.flushMark;
    writer.queue.hold();
    const generation = await door.bump();
    writer.queue.release();
    if (generation instanceof Failure) {
      writer.abandonWaiting();
      return this.#everythingLater();
    }
    ledger.bumped(mark);
    this.#shard.writer?.wake();
    sweeper.sweepDead();
    if (ledger.hasUnapplied) replay.soon();
    return 'applied';
  }

  #everythingLater(): WriteResult {
    this.#shard.ledger.flush();
    this.#parts.replay.soon();
    return 'deferred';
  }

  async #pattern(pattern: string): Promise<WriteResult> {
    this.#parts.writer.supersede(compileGlob(pattern));
    if (this.#shard.writer === undefined) {
      this.#parts.replay.soon();
      return 'deferred';
    }
    return (await this.#parts.sweeper.sweep()) ? 'applied' : 'deferred';
  }
}
