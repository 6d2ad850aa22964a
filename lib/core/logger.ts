import { debuglog } from 'node:util';
import { contain } from './contain.js';
import type { LogFields } from './diagnostics/log-fields.js';
import { errorText } from './redact/redact.js';

/**
 * Where the few lines this package writes go. `console`, pino and winston fit. pino gets `(fields, message)`, as it
 * wants them; every other logger gets `(message, fields)`, or the message alone.
 */
export interface Logger {
  info(message: string, fields: LogFields): void;
  warn(message: string, fields: LogFields): void;
  error(message: string, fields: LogFields): void;
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} };

/** A logger that throws, or returns a promise that rejects, must not fail a request. */
export function containLogger(logger: Logger): Logger {
  const write = writerOf(logger);
  const contained =
    (level: keyof Logger) =>
    (message: string, fields: LogFields): void =>
      contain(() => write(level, message, fields), warnOfLogger);
  return { info: contained('info'), warn: contained('warn'), error: contained('error') };
}

type Write = (level: keyof Logger, message: string, fields: LogFields) => unknown;

/** What `console` and winston replace in a message when more arguments follow it. */
const PLACEHOLDER = /%[a-zA-Z%]/;

function writerOf(logger: Logger): Write {
  if (isPino(logger)) return (level, message, fields) => logger[level](fields, message);
  // A person at a terminal reads the sentence.
  const isRead = (logger as unknown) === console && process.stderr.isTTY;
  return (level, message, fields) =>
    isRead || PLACEHOLDER.test(message)
      ? (logger as MessageLogger)[level](message)
      : logger[level](message, fields);
}

interface PinoLike {
  info(fields: LogFields, message: string): unknown;
  warn(fields: LogFields, message: string): unknown;
  error(fields: LogFields, message: string): unknown;
}

interface MessageLogger {
  info(message: string): unknown;
  warn(message: string): unknown;
  error(message: string): unknown;
}

/**
 * pino and its children have `bindings()` and the name of their level; neither winston nor the console has both, nor
 * has a mock whose every property is a function.
 */
function isPino(logger: object): logger is PinoLike {
  const { bindings, level } = logger as { readonly bindings?: unknown; readonly level?: unknown };
  return typeof bindings === 'function' && typeof level === 'string';
}

/** Every line begins with `prefix`, so that a reader knows who writes. */
export function prefixLogger(logger: Logger, prefix: string): Logger {
  return {
    info: (message, fields) => logger.info(prefix + message, fields),
    warn: (message, fields) => logger.warn(prefix + message, fields),
    error: (message, fields) => logger.error(prefix + message, fields),
  };
}

function warnOfLogger(error: unknown): void {
  process.emitWarning(`the logger threw: ${errorText(error)}`, 'ExpressCacheHealthWarning');
}

const log = debuglog('express-cache-health');

/**
 * Whether the process runs with `NODE_DEBUG=express-cache-health`. It never changes, so that a hot path pays
 * nothing for asking.
 */
export const IS_DEBUGGING: boolean = log.enabled;

/** Writes a line to stderr if the process runs so. Never pass a cached value or a credential. */
export function debug(line: string): void {
  log('%s', line);
}
