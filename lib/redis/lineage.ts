/** The label of acknowledged writes: the reign they belong to and the count of the fence that came after them. */
export interface Label {
  readonly life: string;
  readonly reign: string;
  readonly count: number;
}

/** One server's time as master. */
export interface ReignEntry {
  readonly id: string;
  readonly life: string;
  readonly base: number;
  readonly openedAt: number;
}

/** What a connection shows (R2, R3). */
export interface Evidence {
  readonly life: string;
  readonly chain: readonly ReignEntry[];
  readonly count: number;
  readonly serial: number;
  /** The generation found is older than the one this process knew, so the door makes a new one. */
  readonly isOlderGeneration: boolean;
}

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
