import { ANOMALY_MICROS } from '../../../entry/layout.js';
import { mayRunForMs, tombstoneLifeMs } from '../../../entry/write-times.js';
import type { ServerTime } from '../../server-time.js';
import type { Pipeline } from '../flow/pipeline.js';

/** If the server's clock is further behind than this, it was set back, and a deadline by it means nothing. */
const CLOCK_STEP_MS = 250;

export interface SendingTimesOptions {
  readonly time: Pick<ServerTime, 'now' | 'latest' | 'ceiling'>;
  readonly commandTimeoutMs: number;
  /** The largest value that we send. */
  readonly maxValueBytes: number;
  readonly pipeline: Pipeline;
}

/** The time, by the server's clock, in which Redis may execute a change that we send now. */
export class SendingTimes {
  /** How long a tombstone lives. */
  readonly tombstoneMs: number;
  readonly #options: SendingTimesOptions;

  constructor(options: SendingTimesOptions) {
    this.#options = options;
    this.tombstoneMs = tombstoneLifeMs(options);
  }

  /**
   * How far above the server's clock a version still counts. 0 while that clock has not caught up with the
   * times that it has shown: a version above it then dates from before it was set back.
   */
  get aheadMicros(): number {
    return this.#options.time.ceiling > 0 ? 0 : ANOMALY_MICROS;
  }

  /** The deadline and the earliest possible time, as arguments of a script. */
  bounds(bytes: number): readonly [string, string] {
    const { time, pipeline } = this.#options;
    const [now, latest] = [time.now(), time.latest()];
    const deadline = latest + mayRunForMs(bytes + pipeline.unansweredBytes, this.#options);
    const earliest = now - (latest - now) - CLOCK_STEP_MS;
    return [`${Math.ceil(deadline)}`, `${Math.floor(earliest)}`];
  }
}
