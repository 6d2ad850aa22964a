import { Failure } from '../../redis/failure.js';
import type { Shard } from '../shard.js';
import type { ChangeQueue } from './change-queue.js';

/**
 * A logical flush of the prefix: entries of the old generation are unreachable at once. What waits in the
 * queue is sent after the answer, and so belongs to the new one. Whether Redis acknowledged it.
 */
export async function changeGeneration(shard: Shard, queue: ChangeQueue): Promise<boolean> {
  const { door, ledger } = shard;
  const mark = ledger.flushMark;
  const generation = await queue.hold(door.bump());
  if (generation instanceof Failure) return false;
  ledger.bumped(mark);
  shard.writer?.wake();
  return true;
}
