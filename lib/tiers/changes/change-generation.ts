import { Failure } from '../../redis/failure.js';
import type { Shard } from '../shard.js';
import type { Writer } from './writer.js';

/**
 * Flushes the prefix logically: entries of the old generation are unreachable at once. Changes that wait in the
 * queue are sent after the answer, so they belong to the new generation. Returns whether Redis acknowledged it.
 */
export async function changeGeneration(shard: Shard, writer: Writer): Promise<boolean> {
  const isDone = await writer.queue.barriers.hold(bump(shard, writer));
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
