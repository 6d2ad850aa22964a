import { type Duration, parseDuration } from '../../core/time/duration.js';
import { parseOptions } from '../../core/validate.js';
import type { CheckOptions } from '../types.js';

const RESOLUTION_MS = 10;
const NANOSECONDS = 1e6;

/**
 * Degraded when the event loop is blocked: the 99th percentile of its delay since the last run is above `max`
 * (default 200 ms). Never critical, because a restart does not help a busy process.
 */
export function eventLoopCheck(options?: { readonly max?: Duration | undefined }): CheckOptions {
  const subject = { name: 'eventLoopCheck', code: 'ERR_HEALTH_OPTION' } as const;
  const { max = '200ms' } = parseOptions<NonNullable<typeof options>>(subject, options, ['max']);
  const maxMs = parseDuration({ ...subject, name: 'max' }, max);
  const { monitorEventLoopDelay } = require('node:perf_hooks') as typeof import('node:perf_hooks');
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    critical: false,
    check() {
      const delayMs = Math.max(
        0,
        Math.round(histogram.percentile(99) / NANOSECONDS - RESOLUTION_MS),
      );
      histogram.reset();
      if (delayMs <= maxMs) return { status: 'up', delayMs };
      const message = `the event loop is blocked for ${delayMs} ms (99th percentile)`;
      return { status: 'degraded', message, delayMs };
    },
  };
}
