import { mayRunForMs, tombstoneLifeMs } from '../../../entry/write-times.js';
import type { ServerTime } from '../../remote.js';
import type { Pipeline } from '../flow/pipeline.js';

/** A server whose clock is further behind than this was set back, and knows no deadline. */
const CLOCK_STEP_MS = 250;

export interface SendingTimesOptions {
  readonly time: Pick<ServerTime, 'now' | 'latest'>;
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

  /** The deadline and the time before which the server's clock cannot be, as arguments of a script. */
  bounds(bytes: number): readonly [string, string] {
    const { time, pipeline } = this.#options;
    const [now, latest] = [time.now(), time.latest()];
    const deadline = latest + mayRunForMs(bytes + pipeline.unansweredBytes, this.#options);
    const earliest = now - (latest - now) - CLOCK_STEP_MS;
    return [`${Math.ceil(deadline)}`, `${Math.floor(earliest)}`];
  }
}
