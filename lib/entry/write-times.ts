/** The bytes that a slow network carries in a millisecond. */
const BYTES_PER_MS = 10_000;

/** A machine that is short of CPU, or a long queue before it, may delay a write by this much. */
const SHORTEST_RUN_MS = 5_000;

/** The time for other bytes in flight before the largest value. */
const TRANSFER_MARGIN_MS = 250;

/** Tombstones outlive every write by this margin, and live at least `SHORTEST_TOMBSTONE_MS`. */
const TOMBSTONE_MARGIN_MS = 1_000;
const SHORTEST_TOMBSTONE_MS = 10_000;

/** The options that bound the writes of a cache. */
export interface WriteBounds {
  readonly commandTimeoutMs: number;
  /** The largest value that we send. */
  readonly maxValueBytes: number;
}

/** How long after its sending a write of `bytes` bytes may run. After that it does nothing. */
export function mayRunForMs(
  bytes: number,
  { commandTimeoutMs, maxValueBytes }: WriteBounds,
): number {
  const longestTransferMs = maxValueBytes / BYTES_PER_MS + TRANSFER_MARGIN_MS;
  const transferMs = Math.min(bytes / BYTES_PER_MS, longestTransferMs);
  return Math.max(2 * commandTimeoutMs, SHORTEST_RUN_MS) + transferMs;
}

/** How long a tombstone lives: longer than any earlier write may still run. */
export function tombstoneLifeMs(bounds: WriteBounds): number {
  const longestMs = mayRunForMs(Number.POSITIVE_INFINITY, bounds);
  return Math.max(SHORTEST_TOMBSTONE_MS, Math.ceil(longestMs + TOMBSTONE_MARGIN_MS));
}
