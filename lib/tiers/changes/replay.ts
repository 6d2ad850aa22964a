import { inBackground } from '../../core/background.js';
import type { Timer } from '../../core/time/clock.js';
import type { Shard } from '../shard.js';
import { CallOutcome, type Waiter } from './change.js';
import { changeGeneration } from './change-generation.js';
import type { Writer } from './writer.js';

/**
 * If a change fails while Redis accepts changes, we replay it after this pause, and after twice as long after
 * each failure.
 */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Writes go on while the journal is replayed. The rest of a busy journal is replayed later; reads of its keys
 * stay blocked.
 */
const MAX_PASSES = 20;

/**
 * Tells Redis what the journal holds: first the change of generation, if one is due, then the keys.
 *
 * Invariants: each key is deleted as of the change's call, so that values which other processes stored later
 * stay; a key leaves the journal only when Redis acknowledged it.
 */
export class Replay {
  readonly #shard: Shard;
  readonly #writer: Writer;
  #timer: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #running: Promise<boolean> | undefined;

  constructor(shard: Shard, writer: Writer) {
    this.#shard = shard;
    this.#writer = writer;
  }

  /** Replays before the first read from a new connection. Returns whether Redis acknowledged everything. */
  async beforeReads(wake: () => void): Promise<boolean> {
    const { ledger } = this.#shard;
    // A running replay may belong to the previous connection.
    await this.#running;
    for (let pass = 0; pass < MAX_PASSES && ledger.hasUnapplied; pass++) {
      if (!(await this.#run(wake))) return false;
    }
    return true;
  }

  /** The journal has an entry that could be replayed now. */
  soon(): void {
    const { door, tools } = this.#shard;
    if (this.#timer !== undefined || this.#running !== undefined) return;
    if (door.writer === undefined) return;
    const replay = (): void => void this.#now();
    this.#timer = inBackground(() => tools.clock.setTimer(replay, this.#pauseMs));
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  async #now(): Promise<void> {
    this.#timer = undefined;
    const { door, ledger } = this.#shard;
    const commands = door.writer;
    if (commands === undefined || !ledger.hasUnapplied) return;
    const isWell = await this.#run(() => commands.wake());
    this.#pauseMs = isWell ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    if (ledger.hasUnapplied) this.soon();
  }

  #run(wake: () => void): Promise<boolean> {
    this.#running ??= this.#tell(wake).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #tell(wake: () => void): Promise<boolean> {
    const { ledger, tools } = this.#shard;
    const { queue } = this.#writer;
    const { observer } = tools;
    if (ledger.blocksAll && !(await changeGeneration(this.#shard, this.#writer))) return false;
    const waiting = ledger.waiting().filter(([key]) => queue.latest(key) === undefined);
    const outcome = new CallOutcome(waiting.length);
    const counted: Waiter = {
      settle: (result) => {
        if (result === 'applied') observer.replayed(1);
        outcome.settle(result);
      },
    };
    for (const [key, stamp] of waiting) this.#writer.redo(key, stamp, counted);
    wake();
    return (await outcome.result) === 'applied';
  }
}
