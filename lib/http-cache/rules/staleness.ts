/** A stored answer, as far as its age matters. */
interface Aged {
  readonly head: {
    readonly madeAt: number;
    readonly ttlMs: number;
    readonly mayBeStale: boolean;
  };
}

/** Why a stale answer is served (RFC 5861). */
export type Staleness = 'stale-while-revalidate' | 'stale-if-error';

/** How long ago the answer ceased to be fresh, in milliseconds; negative while it is. */
export function lateMs({ head }: Aged, nowMs: number): number {
  return nowMs - (head.madeAt + head.ttlMs);
}

/** A stale answer serves if it may be stale, for as long as the route says. */
export function mayServe(
  stored: Aged,
  nowMs: number,
  { graceMs, swrMs }: { readonly graceMs: number; readonly swrMs: number },
): boolean {
  const late = lateMs(stored, nowMs);
  return late <= 0 || (stored.head.mayBeStale && late <= Math.max(graceMs, swrMs));
}

export function stalenessOf(stored: Aged, nowMs: number, swrMs: number): Staleness | undefined {
  const late = lateMs(stored, nowMs);
  if (late <= 0) return undefined;
  return late <= swrMs ? 'stale-while-revalidate' : 'stale-if-error';
}
