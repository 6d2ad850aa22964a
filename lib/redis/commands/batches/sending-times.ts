import { ANOMALY_MICROS } from '../../../entry/slot.js';
import { mayRunForMs, tombstoneLifeMs } from '../../../entry/write-times.js';
import type { ServerTime } from '../../remote.js';
import type { Pipeline } from '../flow/pipeline.js';

/** A server whose clock is further behind than this was set back, and knows no deadline. */
const CLOCK_STEP_MS = 250;

export interface SendingTimesOptions {
  readonly time: Pick<ServerTime, 'now' | 'latest' | 'ceiling'>;
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

  constructor(options: SendingTimesOptions) {
    this.#options = options;
    this.tombstoneMs = tombstoneLifeMs(options);
  }

  /**
   * So far above the server's clock a version still counts. While that clock has to catch up with what it has shown,
   * nothing does: a version above it is of before it was set back.
   */
  get aheadMicros(): number {
    return this.#options.time.ceiling > 0 ? 0 : ANOMALY_MICROS;
  }

  /** The deadline and the time before which the server's clock cannot be, as arguments of a script. */
  bounds(bytes: number): readonly [string, string] {
    const { time, pipeline } = this.#options;
    const [now, latest] = [time.now(), time.latest()];
    const deadline = latest + mayRunForMs(bytes + pipeline.unansweredBytes, this.#options);
    const earliest = now - (latest - now) - CLOCK_STEP_MS;
    return [`${Math.ceil(deadline)}`, `${Math.floor(earliest)}`];
  }
}
