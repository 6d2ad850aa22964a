import { hostname } from 'node:os';
import type { GroupFreshness } from '../../api/freshness.js';
import type { MetricsSnapshot } from '../../api/metrics.js';
import { VERSION } from '../../core/diagnostics/version.js';
import { freshnessPart } from './freshness-part.js';
import type { StatusPart } from './status-parts.js';
import { sampleOf, type Watch } from './watch.js';

/** What the page shows, as plain JSON: `GET /health/ui/snapshot`. */
export interface PageData {
  /** Milliseconds since 1970, as all times. */
  readonly at: number;
  readonly instance: string;
  readonly pid: number;
  readonly version: string;
  readonly node: string;
  readonly status: string;
  readonly since: number;
  /** Sentences for people: what it is, and what to do. */
  readonly what: string;
  readonly todo: string;
  readonly cache: (Omit<MetricsSnapshot, 'loads'> & { readonly loads: object }) | null;
  /** Shards, the near tier, the edge and freshness, where there are any. */
  readonly parts: readonly StatusPart[];
  /** For `npx express-cache-health advise`. */
  readonly freshness: readonly GroupFreshness[];
  readonly now: ReturnType<typeof sampleOf> | null;
  readonly checks: Watch['checks'];
  readonly events: Watch['events'];
  readonly modes: Watch['modes'];
  /** Absent in the messages between two samples. */
  readonly samples?: Watch['samples'];
}

export function pageData(watch: Watch, now: number, isWhole: boolean): PageData {
  const cache = watch.snapshot() ?? null;
  const { status, checks, events, modes, samples } = watch;
  const freshness = watch.freshness();
  return {
    at: now,
    instance: hostname(),
    pid: process.pid,
    version: VERSION,
    node: process.version,
    status: statusOf(status, cache),
    since: status === 'ok' && cache !== null ? sinceOf(watch, cache) : watch.statusSince,
    what: whatOf(watch, cache),
    todo: todoOf(cache, now),
    cache: cache && { ...cache, loads: { ...cache.loads, limit: sampleOf(cache).limit } },
    parts: [...watch.parts(), ...freshnessPart(freshness)],
    freshness,
    now: cache && sampleOf(cache),
    checks,
    events,
    modes,
    ...(isWhole ? { samples } : {}),
  };
}

/** Checks are looked at less often than the cache. */
function statusOf(status: Watch['status'], cache: MetricsSnapshot | null): string {
  if (status === 'error' || status === 'shutting_down' || cache === null) return status;
  if (cache.status !== 'up') return 'degraded';
  return status;
}

function sinceOf(watch: Watch, cache: MetricsSnapshot): number {
  return cache.status === 'up' ? Math.max(watch.statusSince, 0) : Date.parse(cache.since);
}

function whatOf({ checks, status }: Watch, cache: MetricsSnapshot | null): string {
  const ailing = checks.filter((check) => check.status !== 'up' && check.name !== 'cache');
  const sentences = ailing.map((check) => `The check ${check.name} is ${check.status}.`);
  if (status === 'shutting_down') sentences.unshift('This process is shutting down.');
  if (cache !== null && cache.status !== 'up') sentences.push(cache.message);
  if (sentences.length > 0) return sentences.join(' ');
  return cache === null ? 'Every check is up.' : `Every check is up. ${cache.message}`;
}

function todoOf(cache: MetricsSnapshot | null, now: number): string {
  if (cache === null || cache.status === 'up') return '';
  const { journal, nextProbeAt, attempts } = cache;
  const kept = `Nothing that was deleted will come back: ${count(journal.entries, 'write')} kept for Redis.`;
  if (nextProbeAt === undefined) return kept;
  const seconds = Math.max(0, (Date.parse(nextProbeAt) - now) / 1_000);
  const attempt = attempts.ok + attempts.error + 1;
  return `Next try in ${seconds.toFixed(1)} s (attempt ${attempt}). ${kept}`;
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun} is` : `${number} ${noun}s are`;
}
