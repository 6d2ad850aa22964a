import type { AuditParts, Audits } from './audits.js';
import type { FreshnessConfig } from './freshness-options.js';

/** `undefined`: observing is off, and is not loaded. */
export function auditsOf(
  config: FreshnessConfig | undefined,
  parts: Pick<AuditParts, 'store' | 'background'>,
): Audits | undefined {
  if (config === undefined) return undefined;
  const { Audits } = require('./audits.js') as typeof import('./audits.js');
  return new Audits({ ...parts, config, random: Math.random });
}
