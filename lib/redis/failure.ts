import type { CacheReason } from '../api/reason.js';

/**
 * Why a command has no reply. It is a value, not an exception, because an outage makes thousands a second.
 *
 * - `unavailable`: Redis cannot serve at all.
 * - `writes`: Redis refuses writes and still answers reads.
 * - `command`: this one command was wrong (a foreign type under the key, say); Redis is healthy.
 */
export class Failure {
  readonly kind: 'unavailable' | 'writes' | 'command';
  readonly reason: CacheReason;
  readonly error: unknown;
  constructor(kind: Failure['kind'], reason: CacheReason, error: unknown) {
    this.kind = kind;
    this.reason = reason;
    this.error = error;
  }

  /** The caller could not wait any longer, or need not wait. Redis did nothing wrong, so we do not report it. */
  get isImpatient(): boolean {
    return this.error instanceof Impatience;
  }

  /** Whether it is Redis' error reply of this name. */
  isAbout(name: string): boolean {
    return this.error instanceof Error && this.error.message.startsWith(name);
  }

  /** Whether Redis does not know the command, or forbids it, so that sending it again is useless. */
  get isRefusal(): boolean {
    return REFUSALS.some((words) => this.isAbout(words));
  }
}

/** Redis 7 gives the second and the third inside a script. */
const REFUSALS = ['NOPERM', 'ERR The user executing the script', 'ERR unknown command'] as const;

/** Reasons that do not end by waiting: an operator has to change something. */
export const LASTING: ReadonlySet<CacheReason> = new Set([
  'permission',
  'cluster_node',
  'sentinel',
  'certificate',
  'tls_mismatch',
  'no_database',
  'no_hello',
  'foreign_client',
]);

/** The error of a failure that only means that the caller does not wait. */
class Impatience extends Error {}

type Verdict = readonly [Failure['kind'], CacheReason];

/** Redis' error replies by their first word. */
const BY_PREFIX: Readonly<Record<string, Verdict>> = {
  LOADING: ['unavailable', 'loading'],
  MASTERDOWN: ['unavailable', 'master_down'],
  CLUSTERDOWN: ['unavailable', 'cluster_down'],
  BUSY: ['unavailable', 'busy'],
  NOAUTH: ['unavailable', 'authentication'],
  WRONGPASS: ['unavailable', 'authentication'],
  NOPERM: ['command', 'permission'],
  READONLY: ['writes', 'read_only'],
  NOREPLICAS: ['writes', 'read_only'],
  OOM: ['writes', 'out_of_memory'],
  MISCONF: ['writes', 'persistence_failing'],
};

/** Redis before version 7 reports an error inside a script like this. */
const IN_SCRIPT = /^ERR Error running script.*: -([A-Z]+) /;

/** SELECT of a number that the server does not have, or of any where there are none. */
const NO_DATABASE =
  /^ERR (?:DB index is out of range|invalid DB index|unknown command\W+select\b)/i;

/** The first byte of TLS' answer to plain text is 21: an alert. */
const TLS_ALERT = /RESP type.*\b21\b/;

/** Node's and node-redis' own errors, by code or by class name. */
const BY_CODE: Readonly<Record<string, CacheReason>> = {
  ECONNREFUSED: 'connection_refused',
  ENOENT: 'connection_refused',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  ENOTFOUND: 'host_not_found',
  EAI_AGAIN: 'host_not_found',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'connection_failed',
  ENETUNREACH: 'connection_failed',
};

const BY_CLASS: Readonly<Record<string, CacheReason>> = {
  ConnectionTimeoutError: 'timeout',
  SocketTimeoutError: 'timeout',
  SocketClosedUnexpectedlyError: 'connection_lost',
  DisconnectsClientError: 'connection_lost',
  ClientClosedError: 'connection_lost',
  ClientOfflineError: 'connection_lost',
  ReconnectStrategyError: 'connection_lost',
};

/** Turns any error that node-redis rejected with or emitted into a verdict about Redis. */
export function classify(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const [kind, reason] = verdictOf(error, message);
  return new Failure(kind, reason, error);
}

function verdictOf(error: unknown, message: string): Verdict {
  const byPrefix = BY_PREFIX[/^[A-Z]+/.exec(message)?.[0] ?? ''];
  if (byPrefix !== undefined) return byPrefix;
  if (NO_DATABASE.test(message)) return ['unavailable', 'no_database'];
  if (REFUSALS.some((words) => message.startsWith(words))) return ['command', 'permission'];
  if (message.startsWith('ERR SELECT is not allowed in cluster')) {
    return ['unavailable', 'cluster_node'];
  }
  const byScript = BY_PREFIX[IN_SCRIPT.exec(message)?.[1] ?? ''];
  if (byScript !== undefined) return byScript;
  if (message.includes('max number of clients')) return ['unavailable', 'max_clients'];
  const connection = connectionReason(error);
  if (connection !== undefined) return ['unavailable', connection];
  if (isErrorReply(error)) return ['command', 'protocol_error'];
  if (TLS_ALERT.test(message)) return ['unavailable', 'tls_mismatch'];
  if (message.includes('RESP')) return ['unavailable', 'protocol_error'];
  return ['unavailable', 'connection_failed'];
}

function connectionReason(error: unknown): CacheReason | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errors } = error as { code?: unknown; errors?: readonly unknown[] };
  if (typeof code === 'string') {
    const known = BY_CODE[code] ?? tlsReason(code, error.message);
    if (known !== undefined) return known;
  }
  // Node tried several addresses (localhost has two). The error of the first one counts.
  if (Array.isArray(errors) && errors.length > 0) return connectionReason(errors[0]);
  return BY_CLASS[error.constructor.name];
}

/** Node's codes for a certificate that it does not accept, and for one that the server does not accept. */
const CERTIFICATE =
  /CERT_|_CERT$|^CERT|_CA$|ISSUER|UNABLE_TO_VERIFY|ALTNAME_INVALID|ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE)/;

function tlsReason(code: string, message: string): CacheReason | undefined {
  if (CERTIFICATE.test(code) || /alert (?:certificate|unknown ca|bad certificate)/i.test(message)) {
    return 'certificate';
  }
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') ? 'tls_mismatch' : undefined;
}

function isErrorReply(error: unknown): boolean {
  for (let type = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
    if (type.constructor?.name === 'ErrorReply') return true;
  }
  return false;
}

/** The cache was closed, so nothing is sent any more. */
export const CLOSED: Failure = new Failure(
  'unavailable',
  'closed',
  new Error('the cache was closed'),
);

/** Another server is the primary now. */
export const FAILOVER: Failure = new Failure(
  'unavailable',
  'failover',
  new Error('another server is the primary now'),
);

/** Redis hesitates, and memory can answer the read. This is no failure of Redis or of the command. */
export const HESITATES: Failure = new Failure('command', 'busy', new Impatience('Redis hesitates'));

/** The caller's patience ended before Redis answered. */
export const IMPATIENT: Failure = new Failure(
  'command',
  'timeout',
  new Impatience('the caller did not wait any longer'),
);

/** A command was sent, and Redis did not answer it. */
export const TIMED_OUT: Failure = new Failure(
  'unavailable',
  'timeout',
  new Error('Redis did not answer within commandTimeout'),
);
