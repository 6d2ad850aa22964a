import type { Examination } from '../../checker/checker.js';
import type { HealthChange } from '../../types.js';

/** The parts of a report that the client may see, and those that it wants. */
export interface View {
  /** Whether the client may see more than the status. */
  readonly isDetailed: boolean;
  readonly isVerbose: boolean;
  /** Names in `?exclude=` that no check has. */
  readonly unknownExcluded: readonly string[];
  readonly history: readonly HealthChange[] | undefined;
}

/** One form that the answers can take. Every body is at most 8 KiB. */
export interface Writer {
  readonly contentType: string;
  /** The whole report: `GET /health` and `GET /health/check/:name`. */
  render(examination: Examination, view: View): string;
  /** `GET /health/ready`. */
  readiness(examination: Examination, view: View): string;
  /** `GET /health/ready` while a new process fills its memory. `progress`: the share that is done, 0 to 1. */
  warming(progress: number): string;
  /** One word: `GET /health/live`, `GET /health/startup`, and what goes wrong. */
  word(isGood: boolean, message?: string): string;
}
