import { Failure } from '../../failure.js';
import type { SlotReply } from '../../remote.js';
import type { ReplySizes } from '../flow/reply-sizes.js';
import type { ReadOptions } from './read-options.js';

/** We split a read of several keys if we expect more bytes than this, so that replies keep flowing. */
const READ_BYTES = 256 * 1_024;

/** How many keys one read should have at most, so that its reply does not get too large. */
export function keysPerRead(sizes: ReplySizes, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(READ_BYTES / Math.max(1, sizes.average))));
}

/** Whether Redis cannot answer for several keys at once: keys of several slots of a cluster, or no MGET. */
export function isOneByOne(reply: unknown): reply is Failure {
  if (!(reply instanceof Failure) || reply.kind !== 'command') return false;
  return reply.isAbout('CROSSSLOT') || reply.isRefusal;
}

/** The reply of MGET, or `undefined` if it has another shape. We learn the sizes of values from it. */
export function parseSlots(
  reply: unknown,
  count: number,
  sizes: ReplySizes,
): readonly (string | null)[] | undefined {
  if (!Array.isArray(reply) || reply.length !== count) return undefined;
  let bytes = 0;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const slot: unknown = reply[i];
    if (slot === null) continue;
    if (typeof slot !== 'string') return undefined;
    bytes += slot.length;
    if (slot.length > largest) largest = slot.length;
  }
  sizes.observe(count, bytes, largest);
  return reply;
}

/** The reply of GET. If it has another shape, the connection ends. */
export function slotOf(
  reply: unknown,
  { pipeline, guard }: Pick<ReadOptions, 'pipeline' | 'guard'>,
): SlotReply {
  if (reply instanceof Failure) return guard.orDenied(reply);
  if (reply !== null && typeof reply !== 'string') return guard.desync('an odd reply to GET');
  const size = reply === null ? 0 : reply.length;
  pipeline.sizes.observe(1, size, size);
  return reply;
}

/** Why there is no whole reply of MGET. */
export function failureOf(reply: unknown, { guard }: Pick<ReadOptions, 'guard'>): Failure {
  return reply instanceof Failure ? reply : guard.desync('an odd reply to MGET');
}
