/** How fast a large write is taken to travel at least: bytes a millisecond. */
const SLOWEST_BYTES_PER_MS = 10_000;
const SHORTEST_LATE_MS = 10_000;

/** So long after it was sent a write may still run, whose connection was lost meanwhile. Tombstones outlive it. */
export function lateWritesMs({ commandTimeoutMs, maxValueBytes }: TierConfig): number {
  const deadlineMs = 2 * commandTimeoutMs + maxValueBytes / SLOWEST_BYTES_PER_MS;
  return Math.max(SHORTEST_LATE_MS, Math.ceil(deadlineMs) + 1_000);
}

/** What the tiers need of the cache's options, read once. */
export interface TierConfig {
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  /** Absent: no memory tier. */
  readonly memory: { readonly max: number; readonly maxBytes: number } | undefined;
  readonly outageTtlMs: number;
  /** The most changes kept for Redis. */
  readonly journalMax: number;
  /** A larger value goes to its caller and is not stored. */
  readonly maxValueBytes: number;
  /** `false`: nothing is stored, changes are answered with `deferred`. */
  readonly isEnabled: boolean;
}
