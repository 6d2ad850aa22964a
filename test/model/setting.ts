import fc from 'fast-check';

/** How many caches, and how they are made. */
export interface Setting {
  readonly caches: 2 | 3;
  readonly ttl: number;
  readonly outageTtl: number;
  readonly journalMax: number;
  readonly memoryMax: number;
  readonly commandTimeout: number;
  /** Every value has the tag `TAG`. */
  readonly isTagged: boolean;
}

export const setting: fc.Arbitrary<Setting> = fc.record({
  caches: fc.constantFrom(2 as const, 3 as const),
  ttl: fc.constantFrom(60_000, 60_000, 300),
  outageTtl: fc.constantFrom(30_000, 100),
  journalMax: fc.constantFrom(10_000, 10_000, 2),
  memoryMax: fc.constantFrom(100, 100, 1),
  commandTimeout: fc.constantFrom(60, 100),
  isTagged: fc.boolean(),
});

export const TAG = 't';

/** How long a caller waits for another process' load. */
export const LEASE_WAIT = 150;
