/** When a value ends: after a time, at an instant, or at the next multiple of a period, whichever comes first. */
export interface Lifetime {
  readonly ttlMs: number;
  /** Milliseconds since 1970. */
  readonly endsAtMs?: number | undefined;
  /** Counted from 1970 in UTC. */
  readonly alignMs?: number | undefined;
}

/** An instant that has passed: the value is stored and is over at once. */
const OVER_MS = 1;

/** How long a value of a key lives, asked when its loader has returned. `undefined`: it is over already. */
export type TimeLeft = () => number | undefined;

/**
 * Begins the lifetime of a value when its load begins: what the loader returns may be as old as that. A `ttl` counts
 * from the end of the load, an instant does not wait for it.
 */
export function beginLife(life: Lifetime, nowMs: () => number): TimeLeft {
  const { ttlMs, endsAtMs, alignMs } = life;
  if (endsAtMs === undefined && alignMs === undefined) return () => ttlMs;
  const begin = nowMs();
  const endMs = begin + lifetimeMs({ ...life, ttlMs: Number.POSITIVE_INFINITY }, begin);
  return () => {
    const leftMs = Math.min(ttlMs, Math.floor(endMs - nowMs()));
    return leftMs >= 1 ? leftMs : undefined;
  };
}

/** Whether a known instant ends the value, perhaps. */
export function hasInstant({ endsAtMs, alignMs }: Lifetime): boolean {
  return endsAtMs !== undefined || alignMs !== undefined;
}

/** How long a value lives that is made at `nowMs`, milliseconds since 1970. */
export function lifetimeMs({ ttlMs, endsAtMs, alignMs }: Lifetime, nowMs: number): number {
  if (endsAtMs === undefined && alignMs === undefined) return ttlMs;
  const toInstant = endsAtMs === undefined ? ttlMs : endsAtMs - nowMs;
  const toBoundary = alignMs === undefined ? ttlMs : alignMs - (nowMs % alignMs);
  return Math.max(OVER_MS, Math.floor(Math.min(ttlMs, toInstant, toBoundary)));
}
