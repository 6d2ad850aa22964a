/** What a slow network carries, in bytes a millisecond. */
const BYTES_PER_MS = 10_000;

/** A machine that is short of CPU, or a long queue before it, may delay a write by this much. */
const SHORTEST_RUN_MS = 5_000;

/** What else may be on its way before the largest value. */
const TRANSFER_MARGIN_MS = 250;

/** Tombstones outlive every write by this, and are not shorter than that. */
const TOMBSTONE_MARGIN_MS = 1_000;
const SHORTEST_TOMBSTONE_MS = 10_000;

/** What bounds the writes of a cache. */
export interface WriteBounds {
  readonly commandTimeoutMs: number;
  /** The largest value that is sent at all. */
  readonly maxValueBytes: number;
}

/** How long after it was sent a write of so many bytes may run. After that it does nothing. */
export function mayRunForMs(
  bytes: number,
  { commandTimeoutMs, maxValueBytes }: WriteBounds,
): number {
  const longestTransferMs = maxValueBytes / BYTES_PER_MS + TRANSFER_MARGIN_MS;
  const transferMs = Math.min(bytes / BYTES_PER_MS, longestTransferMs);
  return Math.max(2 * commandTimeoutMs, SHORTEST_RUN_MS) + transferMs;
}

/** How long a tombstone lives: longer than any write that was sent before it may run. */
export function tombstoneLifeMs(bounds: WriteBounds): number {
  const longestMs = mayRunForMs(Number.POSITIVE_INFINITY, bounds);
  return Math.max(SHORTEST_TOMBSTONE_MS, Math.ceil(longestMs + TOMBSTONE_MARGIN_MS));
}
