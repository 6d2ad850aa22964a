import type { LearningState } from '../../../api/freshness.js';
import type { Candidate, Choice } from './choice.js';

/** What is known of a group. */
export interface Survey {
  /** The lifetime that the user gives, typically. */
  readonly ttlMs: number;
  /** Loads that showed whether a value is still the same. */
  readonly reloads: { readonly same: number; readonly changed: number };
  readonly medianGapMs: number | undefined;
  readonly target: number;
  readonly state: LearningState;
  /** One lifetime for all keys, by factor. */
  readonly fixed: readonly Candidate[];
  readonly choice: Choice;
}
