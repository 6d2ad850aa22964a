import { isOfGeneration } from '../../entry/entry.js';
import { Failure } from '../../redis/failure.js';
import type { Lane, Stamp, WriteItem, WriteOutcome } from '../../redis/remote.js';
import type { Shard } from '../shard.js';
import type { NewValue } from '../store.js';
import { bytesOf, type Change, newChange, settleChange, type Waiter } from './change.js';
import { ChangeQueue } from './change-queue.js';

/** Changes that wait to be sent, in bytes; what is more is only remembered as "this key changed". */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** How a change is called. */
export interface Call {
  readonly lane: Lane;
  readonly waiter: Waiter;
}

/**
 * The changes of one door: takes each into memory and into the queue, and does what follows from Redis'
 * answer.
 *
 * Invariants: a change happens when it is called; each change is told its outcome once; `applied` is said
 * only when Redis has the change or something newer; whatever is not known to be applied is in the journal.
 */
export class Writer {
  readonly queue: ChangeQueue;
  readonly #shard: Shard;
  /** Called when the journal has something that Redis could be told now. */
  readonly #onDeferred: () => void;

  constructor(shard: Shard, onDeferred: () => void) {
    this.#shard = shard;
    this.#onDeferred = onDeferred;
    this.queue = new ChangeQueue({
      toItem: (change) => this.#toItem(change),
      onFailed: (failure, bytes) => shard.door.report(failure, bytes),
      onOutcome: (change, outcome) => this.#onOutcome(change, outcome),
    });
  }

  /** Changes a key: in memory at once, and in Redis as soon as that can be. `undefined` deletes. */
  change(key: string, value: NewValue | undefined, { lane, waiter }: Call): void {
    const { door, ledger, tools } = this.#shard;
    ledger.begin(key);
    const change = newChange(key, value, { stamp: door.time.stamp(), waiter });
    if (value === undefined) tools.standby.delete(key);
    else this.#keep(change, value);
    this.#accept(change, lane);
  }

  /** Tells Redis again that the key was changed: whatever is not newer than `limit` must go. */
  redo(key: string, limit: number, waiter: Waiter): void {
    // As old as the lost change: what was called after that wins.
    const stamp = { low: limit, high: limit };
    this.queue.add(newChange(key, undefined, { stamp, waiter, isReplay: true }), 'bulk');
  }

  /** The connection is gone: what waits is remembered for the next one. */
  abandonWaiting(): void {
    for (const change of this.queue.takeWaiting()) this.#defer(change);
  }

  #keep(change: Change, value: NewValue): void {
    change.text = this.#shard.textOf(change.key, value, change.stamp);
    this.#shard.keep(change.key, change.text);
  }

  #accept(change: Change, lane: Lane): void {
    const { writer, hasRedis, tools } = this.#shard;
    if (!hasRedis) {
      settleChange(change, tools.config.isEnabled ? 'applied' : 'deferred');
      return;
    }
    const isFull = this.queue.waitingBytes + bytesOf(change) > MAX_WAITING_BYTES;
    if (writer === undefined || isFull) {
      const older = this.queue.takeOne(change.key);
      if (older !== undefined) this.#defer(older);
      this.#defer(change);
      return;
    }
    this.queue.add(change, lane);
    writer.wake();
  }

  #toItem(change: Change): WriteItem {
    const shard = this.#shard;
    const { key, value } = change;
    const stamp = this.#aboveLost(change);
    const isRaised = stamp !== change.stamp;
    change.seq = shard.ledger.seq;
    change.stamp = stamp;
    const item = { key: shard.fullKey(key), limit: stamp.high };
    if (value === undefined) {
      return { ...item, text: shard.tombstoneOf(stamp), pxMs: shard.tombstoneMs };
    }
    if (isRaised || !isOfGeneration(change.text, shard.door.generation)) this.#keep(change, value);
    return { ...item, text: change.text, pxMs: value.ttlMs + value.graceMs };
  }

  /** A change of unknown outcome may still run: what follows it, or tells it again, must be newer. */
  #aboveLost({ key, stamp, isReplay }: Change): Stamp {
    const lost = this.#shard.ledger.limitOf(key);
    if (lost < stamp.low) return stamp;
    const low = lost + 1;
    return { low, high: isReplay ? stamp.high : Math.max(stamp.high, low) };
  }

  #onOutcome(change: Change, outcome: WriteOutcome | Failure): void {
    const { door, ledger, tools } = this.#shard;
    const { key, stamp, seq } = change;
    if (outcome instanceof Failure || outcome === 'late') {
      door.time.raiseFloor(stamp.high);
      this.#defer(change);
      return;
    }
    if (outcome === 'older') {
      ledger.overtaken(key, stamp, seq);
      // Another process' change is newer than memory, unless this one changed the key once more.
      const isLatest = this.queue.latest(key) === undefined && !ledger.blocks(key);
      if (isLatest) tools.standby.delete(key);
    } else if (ledger.confirm(key, stamp, { seq, reign: door.reign })) {
      void door.prove();
    }
    settleChange(change, 'applied');
  }

  #defer(change: Change): void {
    const { ledger, tools } = this.#shard;
    const { key, stamp, isReplay, value } = change;
    if (!isReplay) {
      ledger.defer(key, 'change', stamp.high);
      if (value !== undefined) tools.standby.limit(key, tools.config.outageTtlMs);
    }
    settleChange(change, 'deferred');
    this.#onDeferred();
  }
}
