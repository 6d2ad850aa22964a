import type { LogFields } from '../../../lib/core/diagnostics/log-fields.js';
import type { Logger } from '../../../lib/core/logger.js';

/** Lines that say that every entry counts as gone. */
const FLUSHES: ReadonlySet<unknown> = new Set(['data-lost', 'journal-overflowed']);

/** A logger that hears when a process is going to change the generation. */
export function flushListener(onFlush: () => void): Logger {
  const hear = (_: string, fields: LogFields): void => {
    if (FLUSHES.has(fields['event.action'])) onFlush();
  };
  return { info: () => {}, warn: hear, error: hear };
}
