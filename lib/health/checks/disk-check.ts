import { invalid, parseInteger, parseOptions } from '../../core/validate.js';
import type { CheckOptions } from '../types.js';

/** Degraded when less than `minFreePercent` (default 10) of the file system that holds `path` is free. Never critical. */
export function diskSpaceCheck(options: {
  readonly path: string;
  readonly minFreePercent?: number | undefined;
}): CheckOptions {
  const subject = { name: 'diskSpaceCheck', code: 'ERR_HEALTH_OPTION' } as const;
  const given = parseOptions<typeof options>(subject, options, ['path', 'minFreePercent']);
  const { path, minFreePercent: min = 10 } = given;
  if (typeof path !== 'string') {
    throw invalid({ ...subject, name: 'path' }, 'a folder on the disk to look at', path);
  }
  const minFreePercent = parseInteger({ ...subject, name: 'minFreePercent' }, min, [1, 100]);
  const { statfs } = require('node:fs/promises') as typeof import('node:fs/promises');
  return {
    critical: false,
    async check() {
      const { bavail, blocks } = await statfs(path);
      const freePercent = blocks === 0 ? 100 : Math.round((bavail / blocks) * 100);
      if (freePercent >= minFreePercent) return { status: 'up', freePercent };
      const message = `only ${freePercent} % of the disk is free`;
      return { status: 'degraded', message, freePercent };
    },
  };
}
