import type { Request } from 'express';
import type { Cache } from '../api/cache.js';
import type { CacheReason } from '../api/reason.js';
import type { CacheMetrics, CacheMode, CacheStatus } from '../api/status.js';
import type { Duration } from '../core/time/duration.js';

/** What one check found. */
export type CheckState = 'up' | 'degraded' | 'down';

/** The status of the whole service. The most severe wins: shutting_down, error, degraded, ok. */
export type HealthState = 'ok' | 'degraded' | 'error' | 'shutting_down';

/** One dependency in the report. Further fields are the details that the check itself returned. */
export interface CheckResult {
  readonly status: CheckState;
  /** Why it is not up, redacted. */
  readonly message?: string;
  /** A well-known error code, such as `ECONNREFUSED`, `28P01` or `timeout`. */
  readonly code?: string;
  readonly [detail: string]: unknown;
}

/** The cache in the report. */
export interface CacheResult extends CheckResult {
  readonly connected: boolean;
  readonly metrics: CacheMetrics;
  readonly lastError?: string;
  /** ISO 8601. */
  readonly lastErrorTime?: string;
  /** Present while Redis is not fully used. */
  readonly degradation?: {
    readonly mode: CacheMode;
    readonly reason?: CacheReason;
    readonly since: string;
    readonly fallback: { readonly entries: number; readonly max: number } | null;
    readonly journal: {
      readonly entries: number;
      readonly max: number;
      readonly overflows: number;
    };
    readonly nextProbeAt?: string;
  };
}

/** `info` holds the checks that are up or degraded, `error` those that are down, `details` all of them. */
export interface HealthReport {
  readonly status: HealthState;
  readonly info: Readonly<Record<string, CheckResult>>;
  readonly error: Readonly<Record<string, CheckResult>>;
  readonly details: Readonly<Record<string, CheckResult>>;
  /** With `?history`: the last changes, oldest first. */
  readonly history?: readonly HealthChange[];
  /** Present when something was left out, so that the body stays small. */
  readonly trimmed?: true;
}

/**
 * Checks one dependency. The dependency is down when the function throws, rejects, returns `false` or `{
 * status: 'down' }`, or takes longer than its timeout. It is degraded when the function returns `{ status:
 * 'degraded' }`, and up otherwise. Further fields of the object are shown as details. docs/health.md lists the
 * other values that the router understands.
 */
export type CheckFunction = (context: {
  readonly name: string;
  /** Aborted when the timeout has passed. */
  readonly signal: AbortSignal;
}) => unknown;

export interface CheckOptions {
  readonly check: CheckFunction;
  /** Whether the service cannot work without it. @default true */
  readonly critical?: boolean | undefined;
  /** @default the router's `timeout` */
  readonly timeout?: Duration | undefined;
}

/** Anything that has a cache's status: the cache, or the middleware that shows its cache. */
export type CacheSource = Pick<Cache, 'status'> | { readonly cache: Pick<Cache, 'status'> };

export interface HealthOptions {
  /** The check of the database, which is critical: `() => pool.query('SELECT 1')`. */
  readonly database?: CheckFunction | CheckOptions | undefined;
  /** The cache to report on. @default `req.cache`, if the middleware is mounted before the router */
  readonly cache?: CacheSource | undefined;
  /** More checks, by name. A bare function is critical. */
  readonly checks?: Readonly<Record<string, CheckFunction | CheckOptions>> | undefined;
  /** How long one check may take. @default '800ms' */
  readonly timeout?: Duration | undefined;
  /** How long a verdict is served. Any number of probes in that time cost one run of the check. @default '1s' */
  readonly maxAge?: Duration | undefined;
  /** The HTTP codes of `GET /health` by status. They replace single defaults. @default { ok: 200, degraded: 200, error: 503, shutting_down: 503 } */
  readonly statusCodes?: Partial<Record<HealthState, number>> | undefined;
  /** Who sees more than the status: every client, none, or those that `authorize` accepts. @default true */
  readonly details?: boolean | 'authorized' | undefined;
  /** Serves a live page at `/health/ui`, for those who may see details. Checks then run each 15 s. @default false */
  readonly ui?: boolean | undefined;
  /** Decides with `details: 'authorized'`. A function that throws or rejects does not authorize. */
  readonly authorize?: ((req: Request) => boolean | Promise<boolean>) | undefined;
}

/** A check, or the service as a whole under the name `health`, changed its status. */
export interface HealthChange {
  readonly name: string;
  readonly from: CheckState | HealthState;
  readonly to: CheckState | HealthState;
  readonly reason?: string;
  /** Milliseconds spent in `from`. */
  readonly durationMs: number;
  /** ISO 8601. */
  readonly at: string;
}

export type { CacheStatus };
