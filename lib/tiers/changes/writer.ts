import { inBackground } from '../../core/background.js';
import { Failure } from '../../redis/failure.js';
import type { Lane, WriteItem, WriteOutcome } from '../../redis/remote.js';
import type { Stamp } from '../../redis/server-time.js';
import type { Shard } from '../shard.js';
import type { NewValue } from '../store.js';
import { type Change, newChange, settleChange, type Waiter } from './change.js';
import { ChangeQueue } from './change-queue.js';

/** The most bytes of changes that wait to be sent. Of further ones we only remember "this key changed". */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** The circumstances of a call. */
export interface Call {
  readonly lane: Lane;
  readonly waiter: Waiter;
}

/**
 * The changes of one door: puts each into memory and into the queue, and draws the conclusions from Redis'
 * answer.
 *
 * Invariants: a change happens when it is called; each change gets its outcome once; `applied` means that Redis
 * has the change or something newer; a change that is not known to be applied is in the journal.
 */
export class Writer {
  readonly queue: ChangeQueue;
  readonly #shard: Shard;
  /** Called when the journal has an entry that could be replayed now. */
  readonly #onDeferred: () => void;

  constructor(shard: Shard, onDeferred: () => void) {
    this.#shard = shard;
    this.#onDeferred = onDeferred;
    this.queue = new ChangeQueue({
      toItem: (change) => this.#toItem(change),
      onFailed: (failure, bytes) => shard.door.report(failure, bytes),
      onOutcome: (change, outcome) => this.#onOutcome(change, outcome),
      // What is sent now belongs to other callers.
      onFree: () => inBackground(() => shard.writer?.wake()),
    });
  }

  /** Changes a key: in memory at once, and in Redis as soon as possible. `undefined` deletes. */
  change(key: string, value: NewValue | undefined, { lane, waiter }: Call): void {
    const { door, ledger, tools } = this.#shard;
    ledger.begin(key);
    const { generation, time } = door;
    const change = newChange(key, value, { stamp: time.stamp(), generation, waiter });
    if (value === undefined) tools.standby.delete(key);
    else this.#keep(change, value);
    this.#accept(change, lane);
  }

  /** Replays a change: deletes whatever is not newer than it. */
  redo(key: string, changed: Stamp, waiter: Waiter): void {
    // It is as old as the lost change, so that later calls win.
    const stamp = { ...changed, low: changed.high };
    const { generation } = this.#shard.door;
    const call = { stamp, generation, waiter, isReplay: true };
    this.queue.add(newChange(key, undefined, call), 'bulk');
  }

  /** The connection is lost. Moves the changes that wait into the journal. */
  abandonWaiting(): void {
    for (const change of this.queue.takeWaiting()) this.#defer(change);
  }

  /** Another door serves these keys now: their changes go into its journal. */
  giveAway(isForeign: (key: string) => boolean): void {
    for (const change of [...this.queue.each('next')]) {
      if (isForeign(change.key) && this.queue.takeOne(change.key)) this.#defer(change);
    }
    // Until their outcome is known, the key must not be read there.
    for (const { key, stamp, isReplay } of this.queue.each('sent')) {
      if (isForeign(key) && !isReplay) this.#shard.defer(key, 'change', stamp);
    }
  }

  /**
   * This process has changed the generation. Changes that it called since then, and has not sent, belong to the
   * new one.
   */
  renewWaiting(): void {
    for (const change of this.queue.each('next')) {
      change.generation = this.#shard.door.generation;
      if (change.value !== undefined) this.#keep(change, change.value);
    }
  }

  #keep(change: Change, value: NewValue): void {
    const { key, stamp, generation } = change;
    change.text = this.#shard.textOf(key, value, { low: stamp.low, generation });
    this.#shard.keep(change.key, change.text);
  }

  #accept(change: Change, lane: Lane): void {
    const { writer, hasRedis, tools } = this.#shard;
    if (!hasRedis) {
      settleChange(change, tools.config.isEnabled ? 'applied' : 'deferred');
      return;
    }
    const isFull = this.queue.waitingBytes + change.bytes > MAX_WAITING_BYTES;
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
    if (isRaised && value !== undefined) this.#keep(change, value);
    return {
      key: shard.fullKey(key),
      text: value === undefined ? shard.tombstoneOf(stamp) : change.text,
      limit: stamp.high,
      pxMs: value === undefined ? shard.tombstoneMs : value.ttlMs + value.graceMs,
    };
  }

  /** A change of unknown outcome may still run, so its replay, and any later change, must be newer. */
  #aboveLost({ key, stamp: called, isReplay }: Change): Stamp {
    const { ledger, door } = this.#shard;
    const stamp = door.time.renewed(called);
    const lost = ledger.limitOf(key);
    if (lost < stamp.low) return stamp;
    const low = lost + 1;
    return { ...stamp, low, high: isReplay ? stamp.high : Math.max(stamp.high, low) };
  }

  #onOutcome(change: Change, outcome: WriteOutcome | Failure): Promise<void> | undefined {
    const { door, ledger } = this.#shard;
    const { key, stamp, seq } = change;
    if (outcome === 'older') return this.#older(change);
    if (outcome instanceof Failure || outcome === 'late') {
      this.#lost(change);
      return undefined;
    }
    if (ledger.confirm(key, stamp, { seq, reign: door.reign })) void door.prove();
    settleChange(change, 'applied');
    return undefined;
  }

  /**
   * Redis has something newer, if the time of the call was right. A heartbeat checks the clock, and until then this
   * process reads its own change. The time of a replay is new.
   */
  #older(change: Change): Promise<void> | undefined {
    if (!change.isReplay) return this.#afterProof(change);
    this.#overtaken(change);
    return undefined;
  }

  async #afterProof(change: Change): Promise<void> {
    const { door } = this.#shard;
    const isProven = await door.prove();
    if (isProven && door.time.renewed(change.stamp) === change.stamp) this.#overtaken(change);
    else this.#lost(change);
  }

  #overtaken(change: Change): void {
    const { ledger, tools } = this.#shard;
    const { key, stamp, seq } = change;
    ledger.overtaken(key, stamp, seq);
    // Another process' change is newer than memory, unless this process has changed the key again.
    const isLatest = this.queue.latest(key) === change && !ledger.blocks(key);
    if (isLatest) tools.standby.delete(key);
    settleChange(change, 'applied');
  }

  #lost(change: Change): void {
    const { high } = change.stamp;
    this.#shard.door.time.raiseFloor(high);
    this.#defer(change);
  }

  #defer(change: Change): void {
    const { tools } = this.#shard;
    const { key, stamp, isReplay, value } = change;
    if (!isReplay) {
      this.#shard.defer(key, 'change', stamp);
      if (value !== undefined) tools.standby.limit(key, tools.config.outageTtlMs);
    }
    settleChange(change, 'deferred');
    this.#onDeferred();
  }
}
