import type { Clock } from '../../../core/time/clock.js';
import type { Pipeline } from '../flow/pipeline.js';
import type { ReplyGuard } from '../flow/reply-guard.js';

/** What both kinds of reads need. */
export interface ReadOptions {
  readonly pipeline: Pipeline;
  readonly guard: ReplyGuard;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  /** Whether the reader of a key can be served without Redis, should Redis hesitate. */
  readonly spare: (key: string) => boolean;
}
