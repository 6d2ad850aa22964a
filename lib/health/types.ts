import type { IncomingMessage } from 'node:http';
import type { Cache } from '../api/cache.js';
import type { CacheReason } from '../api/reason.js';
import type { CacheMetrics, CacheMode, CacheStatus } from '../api/status.js';
import type { Duration } from '../core/time/duration.js';

/** What one check found. */
export type CheckState = 'up' | 'degraded' | 'down';

/** The whole answer's verdict, the worst first: shutting_down, error, degraded, ok. */
export type HealthState = 'ok' | 'degraded' | 'error' | 'shutting_down';

/** One dependency in the report. Further fields are what the check itself told. */
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
 * Looks at one dependency. It is down when this throws, rejects, gives `false`, takes longer than its time-out,
 * or gives `{ status: 'down' }`; degraded when it gives `{ status: 'degraded' }`; else up. Further fields of the
 * object are shown as details.
 */
export type CheckFunction = (context: {
  readonly name: string;
  /** Aborted when the time-out has passed. */
  readonly signal: AbortSignal;
}) => unknown;

export interface CheckOptions {
  readonly check: CheckFunction;
  /** Whether the service is of no use without it. @default true */
  readonly critical?: boolean;
  /** @default the router's `timeout` */
  readonly timeout?: Duration;
}

/** Anything with a cache's status: the cache, or the middleware that has it. */
export type CacheSource = Pick<Cache, 'status'> | { readonly cache: Pick<Cache, 'status'> };

export interface HealthOptions {
  /** The database's ping, a critical check: `() => pool.query('SELECT 1')`. */
  readonly database?: CheckFunction | CheckOptions;
  /** The cache to report on. @default `req.cache`, where the middleware is mounted before */
  readonly cache?: CacheSource;
  /** More checks, by name. A bare function is critical. */
  readonly checks?: Readonly<Record<string, CheckFunction | CheckOptions>>;
  /** How long one check may take. @default '800ms' */
  readonly timeout?: Duration;
  /** How long a verdict is good for: any number of probes in that time cost one check. @default '1s' */
  readonly maxAge?: Duration;
  /** The HTTP codes of `GET /health` by status, laid over the defaults. @default { ok: 200, degraded: 200, error: 503, shutting_down: 503 } */
  readonly statusCodes?: Partial<Record<HealthState, number>>;
  /** Who sees more than the status: everybody, nobody, or whom `authorize` accepts. @default true */
  readonly details?: boolean | 'authorized';
  /** Decides with `details: 'authorized'`. What throws or rejects does not authorize. */
  readonly authorize?: (req: IncomingMessage) => boolean | Promise<boolean>;
}

/** One edge: a check, or the service as a whole under the name `health`, changed its status. */
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
