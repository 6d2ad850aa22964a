import type { Lane, News, SlotReply } from '../remote.js';
import type { Outgoing } from './flow/pipeline.js';
import { BulkReads } from './reads/bulk-reads.js';
import type { ReadOptions } from './reads/read-options.js';
import { slotOf } from './reads/read-replies.js';
import { SingleReads } from './reads/single-reads.js';

/** The server tells of what is read behind this command, and of nothing else. */
const TRACK: Outgoing = {
  args: ['CLIENT', 'CACHING', 'YES'],
  lane: 'now',
  keys: 0,
  bytes: 40,
};

/** Reads whose keys the server notes. */
interface TrackedReads {
  readonly single: SingleReads;
  readonly bulk: BulkReads;
}

/**
 * Invalidation messages of Redis 6 and later (`CLIENT TRACKING` with `OPTIN`), on the connection that also reads.
 *
 * The server sends messages and replies in the order in which it executed what they are about, and the driver
 * passes a message on before the reply behind it settles. So an answer proves that it told every earlier change.
 */
export class ServerNews implements News {
  readonly #options: ReadOptions;
  /** Made at the first read, because the pipeline asks each of its sources in each turn. */
  #reads: TrackedReads | undefined;
  #isOn = false;
  #isAsking = false;
  #isOneByOne = false;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  get completeUntil(): number {
    return this.#options.pipeline.connection.answeredAt;
  }

  /** Call it before anything is read. The driver has switched on the mode in which all reads are tracked. */
  async start(): Promise<void> {
    const { pipeline } = this.#options;
    const [, reply] = await Promise.all([
      pipeline.direct(['CLIENT', 'TRACKING', 'OFF']),
      pipeline.direct(['CLIENT', 'TRACKING', 'ON', 'OPTIN']),
    ]);
    this.#isOn = reply === 'OK';
  }

  get(key: string): Promise<SlotReply> {
    return this.#tracked.single.get(key);
  }

  getMany(keys: readonly string[], lane: Lane): Promise<readonly SlotReply[]> {
    return this.#tracked.bulk.getMany(keys, lane);
  }

  getRecord(key: string): Promise<SlotReply> {
    const { pipeline } = this.#options;
    const command: Outgoing = {
      args: ['GET', key],
      lane: 'now',
      keys: 1,
      bytes: key.length,
      isTracked: true,
    };
    this.#track();
    return new Promise((resolve) => {
      pipeline.send(command, (reply) => resolve(slotOf(reply, this.#options)));
    });
  }

  listen(onChange: (key: string | undefined) => void): () => void {
    return this.#options.pipeline.connection.listen({
      message: ([kind, key]) => {
        if (kind === 'invalidate') onChange(key === null ? undefined : String(key));
      },
    });
  }

  ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    void this.#options.pipeline.direct(['PING']).then(() => {
      this.#isAsking = false;
    });
  }

  askOneByOne(): void {
    this.#isOneByOne = true;
    this.#reads?.single.askOneByOne();
    this.#reads?.bulk.askOneByOne();
  }

  spareAll(): void {
    this.#reads?.single.spareAll();
    this.#reads?.bulk.spareAll();
  }

  cancel(): void {
    this.#reads?.single.cancel();
  }

  get #tracked(): TrackedReads {
    this.#reads ??= this.#makeReads();
    return this.#reads;
  }

  #makeReads(): TrackedReads {
    const options = { ...this.#options, track: (): void => this.#track() };
    const reads = { single: new SingleReads(options), bulk: new BulkReads(options) };
    if (this.#isOneByOne) {
      reads.single.askOneByOne();
      reads.bulk.askOneByOne();
    }
    return reads;
  }

  #track(): void {
    this.#options.pipeline.send(TRACK, (reply) => {
      // Its answer comes before that of the read, which then counts as not tracked.
      if (reply !== 'OK') this.#isOn = false;
    });
  }
}
