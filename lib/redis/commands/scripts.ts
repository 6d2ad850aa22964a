import { CLAIM, CLAIM_OVER, FILL, RELEASE, RENEW } from './lua/leases.js';
import { BUMP, FENCE, OPEN } from './lua/records.js';
import type { Script } from './lua/script.js';
import { SWEEP, SWEEP_DEAD } from './lua/sweeps.js';
import { TAG } from './lua/tags.js';
import { WRITE } from './lua/write.js';

export type { Script };
export {
  BUMP,
  CLAIM,
  CLAIM_OVER,
  FENCE,
  FILL,
  OPEN,
  RELEASE,
  RENEW,
  SWEEP,
  SWEEP_DEAD,
  TAG,
  WRITE,
};

/** The scripts that a server must be able to run. */
export const ALL_SCRIPTS: readonly Script[] = [
  WRITE,
  CLAIM,
  CLAIM_OVER,
  FILL,
  RENEW,
  RELEASE,
  SWEEP,
  SWEEP_DEAD,
  TAG,
  OPEN,
  FENCE,
  BUMP,
];
