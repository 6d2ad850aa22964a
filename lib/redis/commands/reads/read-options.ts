import type { Clock } from '../../../core/time/clock.js';
import type { Pipeline } from '../flow/pipeline.js';
import type { ReplyGuard } from '../flow/reply-guard.js';
import type { SlotOf } from '../slots/group-by-slot.js';

/** What both kinds of reads need. */
export interface ReadOptions {
  readonly pipeline: Pipeline;
  readonly guard: ReplyGuard;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  /** Whether memory can answer a read of this key while Redis hesitates. */
  readonly spare: (key: string) => boolean;
  /** Present in a cluster: keys of several slots may not share a command. */
  readonly slotOf?: SlotOf | undefined;
  /** Called immediately before each command is sent: the server tells when its keys change. */
  readonly track?: (() => void) | undefined;
}
