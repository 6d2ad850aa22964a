import type { Kind } from '../../workers/bulk.js';

export interface Case {
  readonly title: string;
  readonly kind: Kind;
  /** What hand-written code on bare node-redis does instead. */
  readonly bare: string;
  /** Keys of one call. */
  readonly size: number;
  readonly concurrency: number;
  /** The least ratio of keys a second, ours ÷ bare. */
  readonly least?: number;
  /** The largest ratio of Redis' processor time a key, ours ÷ bare. */
  readonly mostCpu?: number;
  /** Calls of a slice and number of rounds, where they are not found out by time. */
  readonly fixed?: { readonly calls: number; readonly rounds: number };
}

const MANY = [
  { title: 'getMany(100)', kind: 'getMany', bare: 'mGet + JSON.parse', least: 0.85 },
  { title: 'setMany(100)', kind: 'setMany', bare: '100 sets in one pipeline', least: 0.6 },
  {
    title: 'getOrSetMany(100), all missing',
    kind: 'getOrSetMany',
    bare: 'mGet + load + 100 sets',
    least: 0.5,
  },
  { title: 'deleteMany(100)', kind: 'deleteMany', bare: '100 dels in one pipeline' },
] as const;

const ONE_BY_ONE = [
  { title: 'set', kind: 'set', bare: 'set', least: 0.6, mostCpu: 2.5 },
  { title: 'delete', kind: 'delete', bare: 'del', least: 0.5, mostCpu: 2.7 },
  { title: 'miss', kind: 'miss', bare: 'get + load + set', mostCpu: 3.5 },
] as const;

export const CASES: readonly Case[] = [
  ...MANY.flatMap((one) => [1, 8].map((concurrency) => ({ ...one, size: 100, concurrency }))),
  ...ONE_BY_ONE.map((one) => ({ ...one, size: 1, concurrency: 64 })),
  {
    title: '100,000 entries in and out',
    kind: 'in and out',
    bare: 'sets and mGets by the thousand',
    size: 100_000,
    concurrency: 1,
    least: 0.4,
    fixed: { calls: 1, rounds: 3 },
  },
];

export const nameOf = ({ title, concurrency }: Case): string => `${title} ×${concurrency}`;
