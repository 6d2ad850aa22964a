import { Fifo } from '../../core/fifo.js';
import { Failure } from '../../redis/failure.js';
import type {
  ChangeBatch,
  ChangeSource,
  Lane,
  WriteItem,
  WriteOutcome,
} from '../../redis/remote.js';
import { Barriers } from './barriers.js';
import { answered, type Change, replaceChange } from './change.js';
import { failuresIn } from './failures-in.js';

/** The unanswered changes of one key. */
interface Pending {
  /** The change in flight: sent to Redis and not answered. */
  sent: Change | undefined;
  /** The latest change that waits; it replaced those that waited before it. */
  next: Change | undefined;
  lane: Lane;
  /** Whether the key stands in the queue of its lane. */
  isQueued: boolean;
}

/** The owner of the queue, as the queue sees it. */
export interface ChangeQueueOptions {
  /** The item for a change that is about to be sent. */
  readonly toItem: (change: Change) => WriteItem;
  /** Changes of this many bytes failed. Called once for each failure, before the outcomes of the changes. */
  readonly onFailed: (failure: Failure, bytes: number) => void;
  /**
   * Redis answered a change that was sent, or its outcome is unknown. A promise: what the answer means is known when
   * it resolves, and until then the change counts as in flight.
   */
  readonly onOutcome: (
    change: Change,
    outcome: WriteOutcome | Failure,
  ) => Promise<void> | undefined;
  /** A change of a key waits no more for such a promise. */
  readonly onFree: () => void;
}

/**
 * The changes of one door that Redis has not answered.
 *
 * Invariants: a key has at most one change in flight; later changes of the key wait, and the latest replaces
 * those that wait. So a change that is sent again, or runs late, cannot reorder the changes of one key. A
 * change that waits is not sent: it has no deadline and is no fault of Redis.
 */
export class ChangeQueue implements ChangeSource {
  /** While they are up, nothing is sent. */
  readonly barriers: Barriers = new Barriers();
  readonly #options: ChangeQueueOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #lanes: Readonly<Record<Lane, Fifo<string>>> = { request: new Fifo(), bulk: new Fifo() };
  #waitingBytes = 0;
  readonly #hidden = new Set<Promise<unknown>>();

  constructor(options: ChangeQueueOptions) {
    this.#options = options;
  }

  /** Bytes of changes that wait to be sent. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** The latest unanswered change of the key. */
  latest(key: string): Change | undefined {
    if (this.#pending.size === 0) return undefined;
    const pending = this.#pending.get(key);
    return pending?.next ?? pending?.sent;
  }

  /** Resolves when the changes of the key so far are answered; `undefined` when there are none. */
  untilAnswered(key: string): Promise<void> | undefined {
    const change = this.latest(key);
    return change && answered(change);
  }

  add(change: Change, lane: Lane): void {
    const pending = this.#pendingOf(change.key, lane);
    if (pending.next !== undefined) {
      this.#waitingBytes -= pending.next.bytes;
      replaceChange(pending.next, change);
    }
    pending.next = change;
    this.#waitingBytes += change.bytes;
    if (lane === 'request' && pending.lane === 'bulk') {
      // A request's change overtakes bulk work; the place in the bulk queue is skipped when its turn comes.
      pending.lane = 'request';
      pending.isQueued = false;
    }
    if (pending.sent === undefined) this.#enqueue(change.key, pending);
  }

  next(lane: Lane, maxKeys: number, maxBytes: number): ChangeBatch | undefined {
    const queue = this.#lanes[lane];
    if (this.barriers.areUp || queue.size === 0) return undefined;
    const changes: Change[] = [];
    const items: WriteItem[] = [];
    let bytes = 0;
    while (items.length < maxKeys) {
      const pending = this.#head(lane);
      if (pending?.next === undefined) break;
      const change = pending.next;
      if (items.length > 0 && bytes + change.bytes > maxBytes) break;
      queue.take();
      bytes += change.bytes;
      this.#send(pending, change);
      changes.push(change);
      items.push(this.#options.toItem(change));
    }
    if (items.length === 0) return undefined;
    return { items, settled: (outcomes) => this.#settled(changes, outcomes) };
  }

  /** Takes out the change of the key that waits. */
  takeOne(key: string): Change | undefined {
    const pending = this.#pending.get(key);
    return pending === undefined ? undefined : this.#take(key, pending);
  }

  /** The changes that wait (`next`), or those in flight (`sent`). */
  *each(which: 'next' | 'sent'): Generator<Change> {
    for (const { [which]: change } of this.#pending.values())
      if (change !== undefined) yield change;
  }

  /** Takes out the changes that wait. */
  takeWaiting(): Change[] {
    const taken: Change[] = [];
    for (const [key, pending] of this.#pending) {
      const change = this.#take(key, pending);
      if (change !== undefined) taken.push(change);
    }
    return taken;
  }

  /** These keys are cleared. Takes out the changes that wait, and hides the changes in flight from readers. */
  overtake(matches: (key: string) => boolean): Change[] {
    const waiting: Change[] = [];
    for (const [key, pending] of this.#pending) {
      if (!matches(key)) continue;
      const change = this.#take(key, pending);
      if (change !== undefined) waiting.push(change);
      if (pending.sent !== undefined) this.#hide(pending.sent);
    }
    return waiting;
  }

  /** Present while a change in flight is cleared. Resolves when Redis has answered those that are so now. */
  untilHiddenAnswered(): Promise<unknown> | undefined {
    return this.#hidden.size === 0 ? undefined : Promise.all(this.#hidden);
  }

  #hide(sent: Change): void {
    if (sent.isCleared) return;
    sent.isCleared = true;
    const answer = answered(sent);
    this.#hidden.add(answer);
    void answer.then(() => this.#hidden.delete(answer));
  }

  #take(key: string, pending: Pending): Change | undefined {
    const change = pending.next;
    if (change === undefined) return undefined;
    this.#waitingBytes -= change.bytes;
    pending.next = undefined;
    if (pending.sent === undefined) this.#pending.delete(key);
    return change;
  }

  #pendingOf(key: string, lane: Lane): Pending {
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = { sent: undefined, next: undefined, lane, isQueued: false };
      this.#pending.set(key, pending);
    }
    return pending;
  }

  #enqueue(key: string, pending: Pending): void {
    if (pending.isQueued) return;
    pending.isQueued = true;
    this.#lanes[pending.lane].push(key);
  }

  /**
   * The first key of the lane that has something to send; skips keys whose change was taken out or has
   * overtaken.
   */
  #head(lane: Lane): Pending | undefined {
    const queue = this.#lanes[lane];
    for (;;) {
      const key = queue.peek();
      if (key === undefined) return undefined;
      const pending = this.#pending.get(key);
      if (
        pending?.isQueued &&
        pending.lane === lane &&
        pending.sent === undefined &&
        pending.next
      ) {
        return pending;
      }
      queue.take();
    }
  }

  #send(pending: Pending, change: Change): void {
    pending.isQueued = false;
    pending.sent = change;
    pending.next = undefined;
    this.#waitingBytes -= change.bytes;
  }

  #settled(
    changes: readonly Change[],
    outcomes: readonly (WriteOutcome | Failure)[] | Failure,
  ): void {
    const all = outcomes instanceof Failure ? changes.map(() => outcomes) : outcomes;
    for (const [failure, bytes] of failuresIn(changes, all)) this.#options.onFailed(failure, bytes);
    changes.forEach((change, i) => {
      const meaning = this.#options.onOutcome(change, all[i] ?? 'late');
      if (meaning === undefined) this.#free(change.key);
      else void meaning.then(() => this.#freeLate(change.key));
    });
  }

  #free(key: string): void {
    const pending = this.#pending.get(key) as Pending;
    pending.sent = undefined;
    if (pending.next === undefined) this.#pending.delete(key);
    else this.#enqueue(key, pending);
  }

  #freeLate(key: string): void {
    this.#free(key);
    this.#options.onFree();
  }
}
