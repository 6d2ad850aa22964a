import { Fifo } from '../../core/fifo.js';
import { Failure } from '../../redis/failure.js';
import type {
  ChangeBatch,
  ChangeSource,
  Lane,
  WriteItem,
  WriteOutcome,
} from '../../redis/remote.js';
import { bytesOf, type Change } from './change.js';

/** What is known of a key with an unanswered change. */
interface Pending {
  /** The change that Redis has been sent and has not answered. */
  sent: Change | undefined;
  /** The latest change that waits; it replaced those that waited before it. */
  next: Change | undefined;
  lane: Lane;
  /** Whether the key stands in the queue of its lane. */
  isQueued: boolean;
  /** Called when nothing of the key is unanswered any more. */
  onSettled: (() => void)[] | undefined;
}

/** What the queue asks and tells. */
export interface ChangeQueueOptions {
  /** The item for a change that is about to be sent. */
  readonly toItem: (change: Change) => WriteItem;
  /** A batch of so many bytes failed: told once, before the outcomes of its changes. */
  readonly onFailed: (failure: Failure, bytes: number) => void;
  /** Redis answered a change that was sent, or it is not known what became of it. */
  readonly onOutcome: (change: Change, outcome: WriteOutcome | Failure) => void;
}

/**
 * The changes of one door that Redis has not answered.
 *
 * Invariants: a key has at most one change on its way; later changes of the key wait, and the latest
 * replaces those that wait; so nothing that is sent again, or late, can reorder changes of one key. A change
 * that waits is not sent: it has no deadline and is no fault of Redis.
 */
export class ChangeQueue implements ChangeSource {
  readonly #options: ChangeQueueOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #lanes: Readonly<Record<Lane, Fifo<string>>> = { request: new Fifo(), bulk: new Fifo() };
  #waitingBytes = 0;
  #holds = 0;

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

  /** Resolves when nothing of the key is unanswered any more; `undefined` when nothing is. */
  untilSettled(key: string): Promise<void> | undefined {
    const pending = this.#pending.get(key);
    if (pending === undefined) return undefined;
    return new Promise((resolve) => {
      pending.onSettled ??= [];
      pending.onSettled.push(resolve);
    });
  }

  add(change: Change, lane: Lane): void {
    const pending = this.#pendingOf(change.key, lane);
    if (pending.next !== undefined) {
      this.#waitingBytes -= bytesOf(pending.next);
      change.replaced = pending.next;
    }
    pending.next = change;
    this.#waitingBytes += bytesOf(change);
    if (lane === 'request' && pending.lane === 'bulk') {
      // A request's change overtakes bulk work; the place in the bulk queue is skipped when its turn comes.
      pending.lane = 'request';
      pending.isQueued = false;
    }
    if (pending.sent === undefined) this.#enqueue(change.key, pending);
  }

  /** Nothing is sent until as many releases as holds. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
  }

  next(lane: Lane, maxKeys: number, maxBytes: number): ChangeBatch | undefined {
    const queue = this.#lanes[lane];
    if (this.#holds > 0 || queue.size === 0) return undefined;
    const changes: Change[] = [];
    const items: WriteItem[] = [];
    let bytes = 0;
    while (items.length < maxKeys) {
      const pending = this.#head(lane);
      if (pending?.next === undefined) break;
      const change = pending.next;
      if (items.length > 0 && bytes + bytesOf(change) > maxBytes) break;
      queue.take();
      bytes += bytesOf(change);
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

  /** Takes out the changes that wait and that `matches` accepts. */
  takeWaiting(matches: (key: string) => boolean): Change[] {
    const taken: Change[] = [];
    for (const [key, pending] of this.#pending) {
      const change = matches(key) ? this.#take(key, pending) : undefined;
      if (change !== undefined) taken.push(change);
    }
    return taken;
  }

  #take(key: string, pending: Pending): Change | undefined {
    const change = pending.next;
    if (change === undefined) return undefined;
    this.#waitingBytes -= bytesOf(change);
    pending.next = undefined;
    if (pending.sent === undefined) this.#forget(key, pending);
    return change;
  }

  #pendingOf(key: string, lane: Lane): Pending {
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = { sent: undefined, next: undefined, lane, isQueued: false, onSettled: undefined };
      this.#pending.set(key, pending);
    }
    return pending;
  }

  #enqueue(key: string, pending: Pending): void {
    if (pending.isQueued) return;
    pending.isQueued = true;
    this.#lanes[pending.lane].push(key);
  }

  /** The first key of the lane that has something to send; keys whose change was taken or overtook are skipped. */
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
    this.#waitingBytes -= bytesOf(change);
  }

  #settled(changes: readonly Change[], outcomes: readonly WriteOutcome[] | Failure): void {
    if (outcomes instanceof Failure) {
      const bytes = changes.reduce((sum, change) => sum + bytesOf(change), 0);
      this.#options.onFailed(outcomes, bytes);
    }
    changes.forEach((change, i) => {
      this.#settle(change, outcomes instanceof Failure ? outcomes : (outcomes[i] ?? 'late'));
    });
  }

  #settle(change: Change, outcome: WriteOutcome | Failure): void {
    const pending = this.#pending.get(change.key);
    if (pending?.sent === change) pending.sent = undefined;
    this.#options.onOutcome(change, outcome);
    if (pending === undefined || pending.sent !== undefined) return;
    if (pending.next === undefined) this.#forget(change.key, pending);
    else this.#enqueue(change.key, pending);
  }

  #forget(key: string, pending: Pending): void {
    if (this.#pending.get(key) === pending) this.#pending.delete(key);
    for (const each of pending.onSettled ?? []) each();
  }
}
