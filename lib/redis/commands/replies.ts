import type { Failure } from '../failure.js';

/** How many keys one SCAN step looks at. */
export const CLEAR_BATCH = '1000';

/** A script's reply: an outcome and, after the echo, what belongs to it. */
export interface Outcome {
  readonly outcome: 'applied' | 'late' | 'older' | 'void' | 'value' | 'granted' | 'held';
  readonly rest: readonly unknown[];
}

export type Tagged = Outcome | Failure;

const OUTCOMES: ReadonlySet<string> = new Set([
  'applied',
  'late',
  'older',
  'void',
  'value',
  'granted',
  'held',
]);

export function parseTagged(reply: unknown, echo: string): Outcome | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [outcome, echoed, ...rest] = reply;
  return OUTCOMES.has(outcome) && echoed === echo ? { outcome, rest } : undefined;
}

/**
 * What is remembered of the data under a prefix, to recognise it after an absence: `id` names its
 * lineage and begins with the time of its birth, `count` is a fence that only grows, `generation` is the
 * mark that entries must carry, `runId` the Redis process.
 */
export interface Lineage {
  readonly id: string;
  readonly count: number;
  readonly generation: string;
  readonly runId: string;
}

export interface FenceReply {
  readonly id: string;
  readonly count: number;
  readonly generation: string;
  readonly serverMs: number;
}

export function parseFence(reply: unknown): FenceReply | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [id, count, generation, serverMs] = reply;
  if (typeof id !== 'string' || typeof generation !== 'string') return undefined;
  if (typeof count !== 'number' || typeof serverMs !== 'number') return undefined;
  return { id, count, generation, serverMs };
}

/** One step of SCAN. */
export interface ScanPage {
  readonly next: string;
  readonly keys: readonly string[];
}

export function parseScan(reply: unknown): ScanPage | undefined {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) return undefined;
  const [next, keys] = reply;
  if (!/^\d+$/.test(String(next)) || keys.some((key: unknown) => typeof key !== 'string')) {
    return undefined;
  }
  return { next: String(next), keys };
}
