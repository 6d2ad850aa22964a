/** What the tiers need of the cache's options, read once. */
export interface TierConfig {
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly outageTtlMs: number;
}
