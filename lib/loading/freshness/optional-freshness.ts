import type { Clock } from '../../core/time/clock.js';
import type { AuditParts, Audits } from './audits.js';
import type { Freshness } from './freshness.js';
import type { FreshnessConfig } from './freshness-options.js';

/** `undefined`: freshness is off, and is not loaded. */
export function freshnessOf(
  config: FreshnessConfig | undefined,
  clock: Clock,
): Freshness | undefined {
  if (config === undefined) return undefined;
  const { Freshness } = require('./freshness.js') as typeof import('./freshness.js');
  return new Freshness({ config, clock, random: Math.random });
}

/** `undefined`: freshness is off. */
export function auditsOf(
  freshness: Freshness | undefined,
  parts: Omit<AuditParts, 'freshness'>,
): Audits | undefined {
  if (freshness === undefined) return undefined;
  const { Audits } = require('./audits.js') as typeof import('./audits.js');
  return new Audits({ ...parts, freshness });
}
