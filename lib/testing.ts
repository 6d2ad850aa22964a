// For users' own tests: a cache whose time and whose Redis a test moves. The application never loads it.

export type { TestCounts } from './testing/counts.js';
export {
  type BreakOptions,
  createTestCache,
  type RestoreOptions,
  type TestCache,
} from './testing/create-test-cache.js';
export type { RedisFault } from './testing/faults.js';
