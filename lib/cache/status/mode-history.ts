import type { ModeChange } from '../../api/events.js';
import type { MetricsSnapshot } from '../../api/metrics.js';
import type { CacheMode } from '../../api/status.js';

export const MODES: readonly CacheMode[] = ['normal', 'degraded', 'recovering', 'database-only'];

/** How often the mode changed, and how long each lasted. */
export class ModeHistory {
  readonly #ms: Record<CacheMode, number> = newRecord();
  readonly #changes = MODES.flatMap((from) =>
    MODES.filter((to) => to !== from).map((to) => ({ from, to, count: 0 })),
  );

  changed({ from, to, durationMs }: Pick<ModeChange, 'from' | 'to' | 'durationMs'>): void {
    this.#ms[from] += durationMs;
    const change = this.#changes.find((each) => each.from === from && each.to === to);
    if (change !== undefined) change.count++;
  }

  get changes(): MetricsSnapshot['modeChanges'] {
    return this.#changes.map((change) => ({ ...change }));
  }

  /** `ms`: how long the present mode has lasted. */
  secondsWith(mode: CacheMode, ms: number): Readonly<Record<CacheMode, number>> {
    const seconds = newRecord();
    for (const each of MODES) seconds[each] = (this.#ms[each] + (each === mode ? ms : 0)) / 1_000;
    return seconds;
  }
}

function newRecord(): Record<CacheMode, number> {
  return { normal: 0, degraded: 0, recovering: 0, 'database-only': 0 };
}
