import type { ServerTime } from '../../remote.js';
import type { Pipeline } from '../flow/pipeline.js';

/** What a slow network carries, in bytes a millisecond. */
const BYTES_PER_MS = 10_000;

/** A server whose clock is further behind than this was set back, and knows no deadline. */
const CLOCK_STEP_MS = 250;

/** What may be unanswered before the largest value needs this much longer. */
const TRANSFER_MARGIN_MS = 250;

/** Tombstones outlive the longest deadline by this, and are not shorter than that. */
const TOMBSTONE_MARGIN_MS = 750;
const SHORTEST_TOMBSTONE_MS = 10_000;

export interface SendingTimesOptions {
  readonly time: ServerTime;
  readonly commandTimeoutMs: number;
  /** The largest value that is sent at all. */
  readonly maxValueBytes: number;
  readonly pipeline: Pipeline;
}

/** Between which times, by the server's clock, a change that is sent now may be executed. */
export class SendingTimes {
  /** How long a tombstone must live. */
  readonly tombstoneMs: number;
  readonly #options: SendingTimesOptions;
  readonly #longestTransferMs: number;

  constructor(options: SendingTimesOptions) {
    const { commandTimeoutMs, maxValueBytes } = options;
    this.#options = options;
    this.#longestTransferMs = maxValueBytes / BYTES_PER_MS + TRANSFER_MARGIN_MS;
    const longestMs = 2 * commandTimeoutMs + this.#longestTransferMs;
    this.tombstoneMs = Math.max(SHORTEST_TOMBSTONE_MS, Math.ceil(longestMs + TOMBSTONE_MARGIN_MS));
  }

  /** The deadline and the time before which the server's clock cannot be, as arguments of a script. */
  bounds(bytes: number): readonly [string, string] {
    const { time, commandTimeoutMs, pipeline } = this.#options;
    const transferMs = (bytes + pipeline.unansweredBytes) / BYTES_PER_MS;
    const [now, latest] = [time.now(), time.latest()];
    const deadline = latest + 2 * commandTimeoutMs + Math.min(transferMs, this.#longestTransferMs);
    const earliest = now - (latest - now) - CLOCK_STEP_MS;
    return [`${Math.ceil(deadline)}`, `${Math.floor(earliest)}`];
  }
}
