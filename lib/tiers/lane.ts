import type { Lane } from '../redis/remote.js';

/** A call for more keys than this is bulk work, which other calls overtake. */
const MANY = 128;

export function laneOf(keys: number): Lane {
  return keys <= MANY ? 'request' : 'bulk';
}
