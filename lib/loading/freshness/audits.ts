import type { FreshnessMetrics } from '../../api/metrics.js';
import type { Store } from '../../tiers/store.js';
import type { BackgroundLoads } from '../background-loads.js';
import type { LoadRequest } from '../load-request.js';
import { AuditGroup } from './audit-group.js';
import type { FreshnessConfig } from './freshness-options.js';

export interface AuditParts {
  readonly config: FreshnessConfig;
  readonly store: Pick<Store, 'mode'>;
  readonly background: Pick<BackgroundLoads, 'reload' | 'hasRoom'>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}

/**
 * Measures how many hits are stale: a random hit is loaded again, in the background, and compared. The loaded value
 * is stored as any other.
 */
export class Audits {
  readonly #parts: AuditParts;
  readonly #groups: readonly AuditGroup[];

  constructor(parts: AuditParts) {
    this.#parts = parts;
    this.#groups = parts.config.groups.map((start) => new AuditGroup(start, parts.random));
  }

  /** A caller with a loader got a fresh value. `entry`: as it was stored. */
  hit(request: LoadRequest, entry: string): void {
    const group = this.#groupOf(request.key);
    if (group?.hit() !== true) return;
    const { store, background } = this.#parts;
    // An outage is no time for loads that no caller needs.
    if (store.mode !== 'normal' || !background.hasRoom) return;
    void this.#audit(group, request, entry);
  }

  /** Loaders have made values. */
  loaded(some: readonly { readonly key: string }[]): void {
    for (const { key } of some) this.#groupOf(key)?.loaded();
  }

  get metrics(): readonly FreshnessMetrics[] {
    return this.#groups.map(({ metrics }) => metrics);
  }

  async #audit(group: AuditGroup, request: LoadRequest, entry: string): Promise<void> {
    const isSame = await this.#parts.background.reload(request, entry);
    if (isSame !== undefined) group.audited(!isSame);
  }

  #groupOf(key: string): AuditGroup | undefined {
    // Without a function for each group: this is a part of each hit.
    for (const group of this.#groups) if (key.startsWith(group.name)) return group;
    return undefined;
  }
}
