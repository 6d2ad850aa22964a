import type { Label, ReignEntry } from './remote.js';

/** The last reign of a chain: that of the server that replied. */
export function lastReign(chain: readonly ReignEntry[]): ReignEntry | undefined {
  return chain.at(-1);
}

/**
 * Whether the writes acknowledged under `label` are in the data of a server (R3). Within one life a server
 * loses nothing. From another life it has the writes that were fenced before the next reign began. `count` 0:
 * not fenced yet.
 */
export function survived(label: Label, life: string, chain: readonly ReignEntry[]): boolean {
  if (label.life === life) return true;
  if (label.count === 0) return false;
  const at = chain.findIndex((entry) => entry.id === label.reign);
  const next = at < 0 ? undefined : chain[at + 1];
  return next !== undefined && label.count <= next.base;
}
