import type { Timer } from '../../core/clock.js';
import { Failure } from '../../redis/failure.js';
import type { Shard } from '../shard.js';
import { CallOutcome } from './change.js';
import type { Writer } from './writer.js';

/** A change that failed while Redis takes changes is replayed after this pause; twice as long after each failure. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/** Writes go on while the journal is replayed; the rest of a busy journal is replayed behind its barrier. */
const MAX_PASSES = 20;

/**
 * Tells Redis what the journal holds: first the change of generation, if one is due, then the keys.
 *
 * Invariants: what is told is a delete as of the change's call, so that what others stored later stays; a
 * key leaves the journal only when Redis acknowledged it.
 */
export class Replay {
  readonly #shard: Shard;
  readonly #writer: Writer;
  #timer: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isRunning = false;

  constructor(shard: Shard, writer: Writer) {
    this.#shard = shard;
    this.#writer = writer;
  }

  /** Before anybody reads from a new connection. Whether Redis took everything. */
  async beforeReads(wake: () => void): Promise<boolean> {
    const { ledger } = this.#shard;
    for (let pass = 0; pass < MAX_PASSES && ledger.hasUnapplied; pass++) {
      if (!(await this.#run(wake))) return false;
    }
    return true;
  }

  /** The journal has something that Redis could be told now. */
  soon(): void {
    if (this.#timer !== undefined || this.#isRunning || this.#shard.door.writer === undefined)
      return;
    this.#timer = this.#shard.tools.clock.setTimer(() => void this.#now(), this.#pauseMs);
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
    this.#isRunning = true;
    const isWell = await this.#run(() => commands.wake());
    this.#isRunning = false;
    this.#pauseMs = isWell ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    if (ledger.hasUnapplied) this.soon();
  }

  async #run(wake: () => void): Promise<boolean> {
    if (this.#shard.ledger.blocksAll && !(await this.#bump())) return false;
    return this.#keys(wake);
  }

  /** A logical flush of the prefix: entries of the old generation are unreachable at once. */
  async #bump(): Promise<boolean> {
    const { door, ledger } = this.#shard;
    const mark = ledger.flushMark;
    const generation = await door.bump();
    if (generation instanceof Failure) return false;
    ledger.bumped(mark);
    return true;
  }

  async #keys(wake: () => void): Promise<boolean> {
    const { ledger } = this.#shard;
    const waiting = ledger
      .waiting()
      .filter(([key]) => this.#writer.queue.latest(key) === undefined);
    const outcome = new CallOutcome(waiting.length);
    for (const [key, limit] of waiting) this.#writer.redo(key, limit, outcome);
    wake();
    return (await outcome.result) === 'applied';
  }
}
