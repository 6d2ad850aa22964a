/**
 * S, the settling time (R5): no process reads a new reign before it is this old, so that every live process has
 * noticed the change and replayed what the new data lacks. It covers, one after the other, the longest time
 * until a process notices (a heartbeat every 500 ms, and three commands that stay unanswered for the default
 * `commandTimeout` of 100 ms), the longest pause between two attempts while something waits to be replayed (500
 * ms), and connecting, judging and replaying (about 500 ms): 1.8 s. A process whose heartbeats rest has nothing to
 * replay.
 */
export const SETTLING_MS = 2_000;

export interface Opening {
  /** Server time (ms) at which the reign was opened; 0 if nothing old can be read in it. */
  readonly openedAt: number;
  /** Server time (ms) of that reply. */
  readonly serverMs: number;
  /** This process has read this life of the server, so it knows every change of generation in it. */
  readonly wasNormal: boolean;
}

/** How long this process waits before it reads a reign. Never longer than S, whatever the server's clock did. */
export function settlingMs({ openedAt, serverMs, wasNormal }: Opening): number {
  if (openedAt === 0 || wasNormal) return 0;
  return Math.max(0, Math.min(SETTLING_MS, openedAt + SETTLING_MS - serverMs));
}
