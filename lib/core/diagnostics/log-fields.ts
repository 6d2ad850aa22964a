import { inspect } from 'node:util';

/** What a line of the log says: its field `event.action`. */
export const LOG_ACTIONS = [
  'cache-started',
  'cache-disabled',
  'cache-degraded',
  'cache-recovered',
  'journal-overflowed',
  'data-lost',
  'value-too-large',
  'edge-refused-purges',
  'edge-accepts-purges',
  'listener-failed',
  'advice',
] as const;

export type LogAction = (typeof LOG_ACTIONS)[number];

/**
 * The fields of a line of the log, with the names of the Elastic Common Schema. None holds a key, a value or a
 * credential.
 */
export interface LogFields {
  readonly 'event.provider': 'express-cache-health';
  readonly 'event.action': LogAction;
  readonly 'event.outcome': 'success' | 'failure' | 'unknown';
  /** A stable code: why Redis is, or was, not used; or the heading of an advice in docs/errors.md. */
  readonly 'event.reason'?: string;
  /** Nanoseconds that an outage lasted. */
  readonly 'event.duration'?: number;
  /** The redacted error behind the line. */
  readonly 'error.message'?: string;
  /** The option `name` of the cache. */
  readonly 'labels.cache': string;
  /** The modes before and after. */
  readonly 'labels.from'?: string;
  readonly 'labels.to'?: string;
  /** Writes that wait for Redis. */
  readonly 'labels.journal_entries'?: number;
  /** Lines like this one that were left out since the last. */
  readonly 'labels.repeated'?: number;
}

/** The fields that a line has of its own; `undefined` leaves a field out. */
export type OwnFields = {
  readonly [Name in Exclude<keyof LogFields, 'event.provider' | 'labels.cache'>]:
    | LogFields[Name]
    | (undefined extends LogFields[Name] ? undefined : never);
};

/** A new object for each line, because a logger may change it. The console shows it as JSON in one line. */
export function logFields(cache: string, own: Partial<OwnFields> & LineKind): LogFields {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  const fields = {
    'event.provider': 'express-cache-health',
    ...Object.fromEntries(given),
    'labels.cache': cache,
  } as LogFields;
  return Object.defineProperty(fields, inspect.custom, { value: () => JSON.stringify(fields) });
}

type LineKind = Pick<LogFields, 'event.action' | 'event.outcome'>;
