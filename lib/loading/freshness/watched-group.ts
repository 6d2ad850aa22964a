import type { GroupFreshness } from '../../api/freshness.js';
import type { FreshnessMetrics } from '../../api/metrics.js';
import { AuditGroup } from './audit-group.js';
import type { GroupConfig } from './freshness-options.js';
import { reportOf } from './group-report.js';
import {
  GroupLearner,
  type LearnerParts,
  type Load,
  type Target,
} from './learning/group-learner.js';

/** A group of keys: what audits of its hits find, and what its loads teach. */
export class WatchedGroup {
  readonly name: string;
  readonly target: Target | undefined;
  readonly #audits: AuditGroup;
  readonly #learner: GroupLearner;

  constructor({ start, target }: GroupConfig, parts: Omit<LearnerParts, 'target'>) {
    this.name = start;
    this.target = target;
    this.#audits = new AuditGroup(start, parts.random);
    this.#learner = new GroupLearner({ ...parts, target });
  }

  /**
   * So many hits, one of which, this key's, was looked at. Returns for how many hits the audit of it stands; 0: it is
   * not to be audited.
   */
  hit(key: number, count: number): number {
    this.#learner.hit(key, count);
    return this.#audits.hit(count);
  }

  /** Returns how long the value lives. */
  loaded(load: Load): number {
    this.#audits.loaded();
    return this.#learner.loaded(load);
  }

  /** A hit was loaded again that stands for so many. `isStale`: the loader returned another value. */
  audited(isStale: boolean, standsFor: number): void {
    this.#audits.audited(isStale, standsFor);
    this.#learner.audited(isStale);
  }

  /** The key was set or deleted through the cache. */
  changed(key: number): void {
    this.#learner.changed(key);
  }

  get metrics(): FreshnessMetrics {
    const { reloads, lifetimeMs, state } = this.#learner;
    const ttlSeconds = lifetimeMs === undefined ? null : lifetimeMs / 1_000;
    return { ...this.#audits.metrics, reloads, ttlSeconds, state };
  }

  report(): GroupFreshness {
    return reportOf(this.#audits.metrics, this.#learner.survey());
  }
}
