import type { Store } from '../../tiers/store.js';
import type { BackgroundLoads } from '../background-loads.js';
import type { LoadRequest } from '../load-request.js';
import type { Freshness } from './freshness.js';
import type { HitSampler } from './hit-sampler.js';

export interface AuditParts {
  readonly freshness: Freshness;
  readonly store: Pick<Store, 'mode'>;
  readonly background: Pick<BackgroundLoads, 'reload' | 'hasRoom'>;
}

/**
 * Measures how many hits are stale: a random hit is loaded again, in the background, and compared. The loaded value
 * is stored as any other.
 */
export class Audits {
  readonly #parts: AuditParts;
  readonly #sampler: HitSampler;

  constructor(parts: AuditParts) {
    this.#parts = parts;
    this.#sampler = parts.freshness.sampler;
  }

  get freshness(): Freshness {
    return this.#parts.freshness;
  }

  /** A caller with a loader got a fresh value. `entry`: as it was stored. */
  hit(request: LoadRequest, entry: string): void {
    if (this.#sampler.hit()) this.#look(request, entry);
  }

  #look(request: LoadRequest, entry: string): void {
    const { freshness, store, background } = this.#parts;
    const onEnd = freshness.look(request.key);
    // An outage is no time for loads that no caller needs.
    if (onEnd === undefined || store.mode !== 'normal' || !background.hasRoom) return;
    void this.#audit(request, entry, onEnd);
  }

  async #audit(
    request: LoadRequest,
    entry: string,
    onEnd: (isStale: boolean) => void,
  ): Promise<void> {
    const isSame = await this.#parts.background.reload(request, entry);
    if (isSame !== undefined) onEnd(!isSame);
  }
}
