import { debuglog } from 'node:util';
import { contain } from './contain.js';
import { errorText } from './redact/redact.js';

/** Where the few lines this package writes go. `console` and pino both fit. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} };

/** A logger that throws, or returns a promise that rejects, must not fail a request. */
export function containLogger(logger: Logger): Logger {
  const contained =
    (level: keyof Logger) =>
    (message: string): void =>
      contain(() => logger[level](message), warnOfLogger);
  return { info: contained('info'), warn: contained('warn'), error: contained('error') };
}

/** Every line begins with `prefix`, so that a reader knows who writes. */
export function prefixLogger(logger: Logger, prefix: string): Logger {
  return {
    info: (message) => logger.info(prefix + message),
    warn: (message) => logger.warn(prefix + message),
    error: (message) => logger.error(prefix + message),
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
