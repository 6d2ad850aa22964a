import { parseInteger, parseOptions } from '../../core/validate.js';
import type { CheckOptions } from '../types.js';

const MEBIBYTE = 1024 * 1024;

/** Degraded when more than `maxPercent` (default 90) of the heap limit is in use. Never critical. */
export function heapCheck(options?: { readonly maxPercent?: number | undefined }): CheckOptions {
  const subject = { name: 'heapCheck', code: 'ERR_HEALTH_OPTION' } as const;
  const given = parseOptions<NonNullable<typeof options>>(subject, options, ['maxPercent']);
  const maxPercent = parseInteger(
    { ...subject, name: 'maxPercent' },
    given.maxPercent ?? 90,
    [1, 100],
  );
  const { getHeapStatistics } = require('node:v8') as typeof import('node:v8');
  return {
    critical: false,
    check() {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      const percent = Math.round((used / limit) * 100);
      const details = {
        usedMiB: Math.round(used / MEBIBYTE),
        limitMiB: Math.round(limit / MEBIBYTE),
      };
      if (percent <= maxPercent) return { status: 'up', ...details };
      return { status: 'degraded', message: `${percent} % of the heap is in use`, ...details };
    },
  };
}
