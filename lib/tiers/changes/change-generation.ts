import { Failure } from '../../redis/failure.js';
import type { Shard } from '../shard.js';
import type { Writer } from './writer.js';

/**
 * A logical flush of the prefix: entries of the old generation are unreachable at once. What waits in the
 * queue is sent after the answer, and so belongs to the new one. Whether Redis acknowledged it.
 */
export async function changeGeneration(shard: Shard, writer: Writer): Promise<boolean> {
  const isDone = await writer.queue.hold(bump(shard, writer));
  if (isDone) shard.writer?.wake();
  return isDone;
}

async function bump({ door, ledger }: Shard, writer: Writer): Promise<boolean> {
  const mark = ledger.flushMark;
  const generation = await door.bump();
  if (generation instanceof Failure) return false;
  ledger.bumped(mark);
  writer.renewWaiting();
  return true;
}
