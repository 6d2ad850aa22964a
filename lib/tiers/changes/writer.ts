import type { WriteResult } from '../../api/cache.js';
import { Failure } from '../../redis/failure.js';
import type { Lane, Stamp, WriteItem, WriteOutcome } from '../../redis/remote.js';
import type { Shard } from '../shard.js';
import type { NewValue } from '../store.js';
import { addWaiter, bytesOf, type Change, newChange, settleChange, type Waiter } from './change.js';
import { ChangeQueue } from './change-queue.js';

/** Changes that wait to be sent, in bytes; what is more is only remembered as "this key changed". */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** How fast a large write is taken to travel at least, for its deadline: bytes a millisecond. */
const SLOWEST_BYTES_PER_MS = 10_000;

/** How a change is called. */
export interface Call {
  readonly lane: Lane;
  readonly waiter: Waiter;
  /** When. */
  readonly stamp: Stamp;
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
  readonly #tombstoneMs: number;

  constructor(shard: Shard, onDeferred: () => void) {
    this.#shard = shard;
    this.#onDeferred = onDeferred;
    const { commandTimeoutMs, maxValueBytes } = shard.tools.config;
    // Longer than any write that was sent earlier may still run.
    const longestMs = 2 * commandTimeoutMs + maxValueBytes / SLOWEST_BYTES_PER_MS;
    this.#tombstoneMs = Math.max(10_000, Math.ceil(longestMs + 1_000));
    this.queue = new ChangeQueue({
      toItem: (change) => this.#toItem(change),
      onFailed: (failure, bytes) => shard.door.report(failure, bytes),
      onOutcome: (change, outcome) => this.#onOutcome(change, outcome),
    });
  }

  /** Changes a key: in memory at once, and in Redis as soon as that can be. `undefined` deletes. */
  change(key: string, value: NewValue | undefined, call: Call): void {
    const { ledger, tools } = this.#shard;
    if (this.#isOvertaken(key, call)) return;
    const { stamp, waiter } = call;
    const change = newChange(key, value, { stamp, position: ledger.begin(key), waiter });
    if (value === undefined) tools.standby.delete(key);
    else {
      change.text = this.#shard.textOf(key, value, stamp);
      this.#shard.keep(key, change.text);
    }
    this.#accept(change, call.lane);
  }

  /** A change of the key that was called later came first: while the values of this call were encoded, say. */
  #isOvertaken(key: string, { stamp, waiter }: Call): boolean {
    const { ledger } = this.#shard;
    const latest = this.queue.latest(key);
    if (latest !== undefined && !latest.isReplay && latest.stamp.high > stamp.high) {
      addWaiter(latest, waiter);
      return true;
    }
    if (ledger.limitOf(key) > stamp.high) {
      waiter.settle('deferred');
      return true;
    }
    const isOvertaken =
      (ledger.acknowledged(key)?.limit ?? 0) > stamp.high || ledger.clearedUpTo(key) >= stamp.high;
    if (isOvertaken) waiter.settle('applied');
    return isOvertaken;
  }

  /** Tells Redis again that the key was changed: whatever is not newer than `limit` must go. */
  redo(key: string, limit: number, waiter: Waiter): void {
    const { door, ledger } = this.#shard;
    door.time.raiseFloor(limit);
    const stamp = { low: door.time.stamp().low, high: limit };
    const call = { stamp, position: ledger.position, waiter, isReplay: true };
    this.queue.add(newChange(key, undefined, call), 'bulk');
  }

  /** The connection is gone: what waits is remembered for the next one. */
  abandonWaiting(): void {
    for (const change of this.queue.takeWaiting(() => true)) this.#defer(change);
  }

  /** Changes that wait and were called before a clear are part of it. */
  supersede(matches: (key: string) => boolean): void {
    for (const change of this.queue.takeWaiting(matches)) settleChange(change, 'applied');
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
    change.seq = shard.ledger.seq;
    change.stamp = this.#aboveLost(change);
    const limit = change.stamp.high;
    if (value === undefined) {
      const text = shard.tombstoneOf(change.stamp);
      return { key: shard.fullKey(key), text, limit, pxMs: this.#tombstoneMs };
    }
    const text = shard.textOf(key, value, change.stamp);
    if (text !== change.text && shard.ledger.isUnchangedSince(key, change.position)) {
      shard.keep(key, text);
    }
    change.text = '';
    return { key: shard.fullKey(key), text, limit, pxMs: value.ttlMs + value.graceMs };
  }

  /** A change of unknown outcome may still run: what follows it must be newer. */
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
      if (ledger.isUnchangedSince(key, change.position)) tools.standby.delete(key);
    } else if (ledger.confirm(key, stamp, { seq, reign: door.reign })) {
      void door.prove();
    }
    settleChange(change, 'applied');
  }

  #defer(change: Change): void {
    const { ledger, tools } = this.#shard;
    const { key, stamp, isReplay, position } = change;
    if (!isReplay) {
      ledger.defer(key, 'change', stamp.high);
      if (change.value !== undefined && ledger.isUnchangedSince(key, position)) {
        tools.standby.limit(key, tools.config.outageTtlMs);
      }
    }
    settleChange(change, DEFERRED);
    this.#onDeferred();
  }
}

const DEFERRED: WriteResult = 'deferred';
