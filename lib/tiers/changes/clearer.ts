import type { WriteResult } from '../../api/cache.js';
import { compilePattern } from '../../entry/key-pattern.js';
import type { Shard } from '../shard.js';
import { settleChange } from './change.js';
import { changeGeneration } from './change-generation.js';
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
 * Invariants: changes called before the clear that were not sent are part of it and share its outcome; changes
 * called after it are sent after the generation's answer; a later `set` stays.
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
    const matches = compilePattern(pattern);
    const stamp = door.time.stamp();
    door.time.raiseFloor(stamp.high);
    ledger.beginAll();
    tools.standby.deleteMatching(matches);
    if (!hasRedis) return tools.config.isEnabled ? 'applied' : 'deferred';
    const waiting = this.#parts.writer.queue.overtake(matches);
    if (pattern === EVERYTHING) ledger.clearAll(stamp);
    else ledger.clearPattern(pattern, stamp);
    const isApplied = await (pattern === EVERYTHING ? this.#everything(stamp.high) : this.#swept());
    if (!isApplied) this.#parts.replay.soon();
    const result = isApplied ? 'applied' : 'deferred';
    for (const change of waiting) settleChange(change, result);
    return result;
  }

  async #everything(limit: number): Promise<boolean> {
    const { ledger } = this.#shard;
    const { writer, replay, sweeper } = this.#parts;
    if (this.#shard.writer !== undefined && (await changeGeneration(this.#shard, writer))) {
      sweeper.sweepDead(limit);
      if (ledger.hasUnapplied) replay.soon();
      return true;
    }
    writer.abandonWaiting();
    ledger.flush();
    return false;
  }

  async #swept(): Promise<boolean> {
    return this.#shard.writer !== undefined && this.#parts.sweeper.sweep();
  }
}
