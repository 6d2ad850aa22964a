/** The near cache. */
export interface NearConfig {
  /** How old a change of another process may be before this process sees it. */
  readonly maxStaleMs: number;
  /** The server, or the client, cannot tell which keys change, so that nothing can be near. */
  readonly onSilent: () => void;
}

/** The cache's options that the tiers need, parsed. */
export interface TierConfig {
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  /** Absent: no memory tier. */
  readonly memory: { readonly max: number; readonly maxBytes: number } | undefined;
  readonly outageTtlMs: number;
  /** Absent: while Redis is used, each read goes to it. */
  readonly near?: NearConfig | undefined;
  /** The most changes kept for Redis. */
  readonly journalMax: number;
  /** A larger value goes to its caller and is not stored. */
  readonly maxValueBytes: number;
  /** `false`: the cache stores nothing, and changes answer `deferred`. */
  readonly isEnabled: boolean;
}
