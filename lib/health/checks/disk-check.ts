import { statfs } from 'node:fs/promises';
import { parseInteger } from '../../core/validate.js';
import type { CheckOptions } from '../types.js';

/** Degraded when less than `minFreePercent` (default 10) of the file system that holds `path` is free. Never critical. */
export function diskSpaceCheck(options: {
  readonly path: string;
  readonly minFreePercent?: number;
}): CheckOptions {
  const subject = { name: 'minFreePercent', code: 'ERR_HEALTH_OPTION' } as const;
  const minFreePercent = parseInteger(subject, options.minFreePercent ?? 10, 1, 100);
  return {
    critical: false,
    async check() {
      const { bavail, blocks } = await statfs(options.path);
      const freePercent = blocks === 0 ? 100 : Math.round((bavail / blocks) * 100);
      if (freePercent >= minFreePercent) return { status: 'up', freePercent };
      const message = `only ${freePercent} % of the disk is free`;
      return { status: 'degraded', message, freePercent };
    },
  };
}
