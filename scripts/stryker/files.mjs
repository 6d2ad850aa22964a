/** What StrykerJS mutates: pure files, compiled, below `lib/`. `*` stands for any name. */
export const FILES = [
  'tiers/ledger/*.js',
  'redis/door/backoff.js',
  'redis/door/transition.js',
  'redis/lineage.js',
  'loading/early-refresh.js',
  'health/checker/report.js',
  'health/checker/classify.js',
];

/** The least score of each file, in per cent. */
export const LEAST_SCORE = 85;
