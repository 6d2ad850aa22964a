import type { Warnings } from '../../core/advice/warnings.js';
import type { CacheConfig, CacheOptions } from '../options.js';

/** Options that few caches have. What reads them is loaded if they are there (docs/adr/0041). */
export function parseParts(
  { near, freshness, warm, memory }: CacheOptions,
  tiers: Pick<CacheConfig, 'redis' | 'memory'>,
  warnings: Warnings,
): Pick<CacheConfig, 'near' | 'freshness' | 'warm'> {
  return {
    near: near === undefined ? undefined : nearOptions().parseNear(near, tiers, warnings),
    freshness: freshness === undefined ? undefined : freshnessOptions().parseFreshness(freshness),
    warm:
      warm === undefined
        ? undefined
        : warmOptions().parseWarm(warm, memory === false ? false : tiers.memory),
  };
}

export function parseEdge(edge: unknown): CacheConfig['edge'] {
  if (edge === undefined) return undefined;
  const parsing = require('../../edge/parse-edge.js') as typeof import('../../edge/parse-edge.js');
  return parsing.parseEdge(edge);
}

function nearOptions(): typeof import('./near-options.js') {
  return require('./near-options.js') as typeof import('./near-options.js');
}

function freshnessOptions(): typeof import('../../loading/freshness/freshness-options.js') {
  return require('../../loading/freshness/freshness-options.js') as typeof import('../../loading/freshness/freshness-options.js');
}

function warmOptions(): typeof import('../../loading/warm/warm-options.js') {
  return require('../../loading/warm/warm-options.js') as typeof import('../../loading/warm/warm-options.js');
}
