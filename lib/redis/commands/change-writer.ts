import { inBackground } from '../../core/background.js';
import type { ChangeSource, Lane, WriteItem, WriteOutcome } from '../remote.js';
import { BatchSender } from './batches/batch-sender.js';
import { BATCH_BYTES, BATCH_KEYS } from './batches/joined-batches.js';
import type { ScriptRunner } from './batches/script-runner.js';
import type { SendingTimes } from './batches/sending-times.js';
import { ChangeKind } from './change-kind.js';
import type { CommandSource, Pipeline } from './flow/pipeline.js';
import type { Room } from './flow/window.js';

/** Pulls changes from their source when there is room in the window. */
export class ChangeWriter implements CommandSource {
  readonly #pipeline: Pipeline;
  readonly #sender: BatchSender<WriteItem, WriteOutcome>;
  readonly #wake = (): void => this.#pipeline.wake();
  #source: ChangeSource | undefined;

  constructor(runner: ScriptRunner, times: SendingTimes) {
    this.#pipeline = runner.pipeline;
    this.#sender = new BatchSender(runner, new ChangeKind(times));
    this.#pipeline.add(this);
  }

  setSource(source: ChangeSource): void {
    this.#source = source;
    this.#pipeline.wake();
  }

  /** A connection that is lost does not lose changes that were not pulled: the source keeps them. */
  sendNext(lane: Lane, room: Room): boolean {
    if (this.#pipeline.isEnded) return false;
    const keys = Math.min(BATCH_KEYS, room.keys);
    const bytes = Math.min(BATCH_BYTES, room.bytes);
    const batch = this.#source?.next(lane, keys, bytes);
    if (batch === undefined) return false;
    this.#sender.send(batch.items, lane, (outcomes) => {
      batch.settled(outcomes);
      // Changes of these keys may have waited for the answer. They belong to other callers.
      inBackground(this.#wake);
    });
    return true;
  }
}
