// What is kept for a key.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { GroupLearner } from '../../../lib/loading/freshness/learning/group-learner.js';
import { KnownKeys } from '../../../lib/loading/freshness/learning/known-keys.js';

const KEYS = 10_000;

/** Bytes for a known key, and for the simulated copies of one on which lifetimes are tried. */
export function bytesOfKeys(): { readonly known: number; readonly tried: number } {
  const known = bytesWith(1);
  return { known, tried: bytesWith(KEYS) - known };
}

function bytesWith(mostTried: number): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const keys = new KnownKeys(KEYS);
  const learner = new GroupLearner({ keys, mostTried, random: Math.random });
  const used = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  for (let i = 0; i < KEYS; i++) {
    const key = i * 1_000_003_337;
    learner.loaded({ key, value: i / 7, at: i / 3, ttlMs: 1_000, isFixed: false, isReload: false });
  }
  const bytes = (used() - before) / KEYS;
  // Still in use, or it would be collected.
  return keys.size === KEYS && learner.reloads.same === 0 ? Math.round(bytes) : Number.NaN;
}
