import type { Tools } from './shard.js';
import type { NewValue } from './store.js';

/** Whether the value has more bytes than `maxValueBytes`, which is reported: it is not to be stored. */
export function isTooLarge(
  { observer, config }: Pick<Tools, 'observer' | 'config'>,
  key: string,
  { payload }: NewValue,
): boolean {
  // A character has three bytes at most.
  if (payload.length * 3 <= config.maxValueBytes) return false;
  const bytes = Buffer.byteLength(payload);
  if (bytes <= config.maxValueBytes) return false;
  observer.valueTooLarge(key, bytes);
  return true;
}
