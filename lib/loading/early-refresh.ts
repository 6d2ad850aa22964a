/**
 * Whether one reader should refresh a value before it expires: the closer to its end and the dearer its
 * load, the likelier, so that some reader does it in time and hardly ever two
 * (XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", 2015).
 *
 * `loadMs` is the measured time of the last load, `beta` above 1 refreshes earlier, `random` is in (0, 1].
 */
export function isDueEarly(
  nowMs: number,
  freshUntilMs: number,
  loadMs: number,
  beta: number,
  random: number,
): boolean {
  return nowMs - loadMs * beta * Math.log(random) >= freshUntilMs;
}

/** The ttl less a random share of at most `jitter`, so that values made together do not end together. */
export function jitteredTtl(ttlMs: number, jitter: number, random: number): number {
  return Math.max(1, Math.round(ttlMs * (1 - jitter * random)));
}
