import type { Label, ReignEntry } from './remote.js';

/** The reign that a chain ends with: the one of the server that was asked. */
export function lastReign(chain: readonly ReignEntry[]): ReignEntry | undefined {
  return chain.at(-1);
}

/**
 * Whether what was acknowledged under `label` is in the data of a server (R3). Within one life a server loses
 * nothing. Of another life it has what was fenced before the next reign began. `count` 0: not fenced yet.
 */
export function survived(label: Label, life: string, chain: readonly ReignEntry[]): boolean {
  if (label.life === life) return true;
  if (label.count === 0) return false;
  const at = chain.findIndex((entry) => entry.id === label.reign);
  const next = at < 0 ? undefined : chain[at + 1];
  return next !== undefined && label.count <= next.base;
}
