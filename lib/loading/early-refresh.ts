export interface EarlyRefresh {
  /** How long the value stays fresh. */
  readonly leftMs: number;
  /** How long its last load took. */
  readonly loadMs: number;
  /** Above 1: refreshes earlier. */
  readonly beta: number;
}

/**
 * Whether one reader should refresh a value before it expires. The chance grows as its end comes closer and
 * with the time of its load, so that one reader does it in time and hardly ever two do (XFetch: Vattani,
 * Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", 2015).
 *
 * `random` is in (0, 1].
 */
export function isDueEarly({ leftMs, loadMs, beta }: EarlyRefresh, random: number): boolean {
  return -loadMs * beta * Math.log(random) >= leftMs;
}

/** The ttl minus a random share of at most `jitter`, so that values made together do not expire together. */
export function jitteredTtl(ttlMs: number, jitter: number, random: number): number {
  return Math.max(1, Math.round(ttlMs * (1 - jitter * random)));
}
