import type { Label, ReignEntry } from './remote.js';

/**
 * The chain of reigns as the record holds it: `id:life:base:openedAt`, oldest first, joined by ','. A part
 * that cannot be read is left out, so that no label of it counts as kept.
 */
export function parseChain(text: string): readonly ReignEntry[] {
  const chain: ReignEntry[] = [];
  for (const part of text.split(',')) {
    const [id, life, base, openedAt] = part.split(':');
    const entry = { base: Number(base), openedAt: Number(openedAt) };
    if (!id || !life || !base || !openedAt) continue;
    if (!Number.isFinite(entry.base) || !Number.isFinite(entry.openedAt)) continue;
    chain.push({ id, life, ...entry });
  }
  return chain;
}

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
