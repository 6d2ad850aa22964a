/** The cache's options that the tiers need, parsed. */
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
  /** `false`: the cache stores nothing, and changes answer `deferred`. */
  readonly isEnabled: boolean;
}
