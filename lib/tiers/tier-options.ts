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
