import type { Cache } from '../../api/cache.js';
import { invalid, parseBoolean, parseOptions } from '../../core/validate.js';

export interface InstrumentOptions {
  /** How keys appear in spans, in the attribute `cache.key`: not at all, as a hash, or as they are. @default 'none' */
  readonly keys?: 'none' | 'hash' | 'full';
  /** Whether a hit in memory, which takes microseconds, gets a span. @default false */
  readonly memoryHits?: boolean;
}

const KEYS = ['none', 'hash', 'full'];

export function parseInstrumentOptions(given: unknown): Required<InstrumentOptions> {
  const subject = { name: 'instrumentCache', code: 'ERR_CACHE_OPTION' } as const;
  const options = parseOptions<InstrumentOptions>(subject, given, ['keys', 'memoryHits']);
  const { keys = 'none', memoryHits = false } = options;
  if (!KEYS.includes(keys)) {
    throw invalid({ ...subject, name: 'keys' }, "'none', 'hash' or 'full'", keys);
  }
  return { keys, memoryHits: parseBoolean({ ...subject, name: 'memoryHits' }, memoryHits) };
}

export type Instrumented = Pick<Cache, 'metrics'>;
