import type { WriteResult } from '../../api/cache.js';
import type { Stamp } from '../../redis/server-time.js';
import type { NewValue } from '../store.js';

/** A caller that gets the outcome of a change. */
export interface Waiter {
  settle(result: WriteResult): void;
}

/** A call whose change was replaced before it was sent; its values are not kept. */
interface Replaced {
  readonly waiter: Waiter;
  readonly replaced: Replaced | undefined;
}

/** No caller waits. */
export const UNAWAITED: Waiter = { settle: () => {} };

/** One change of one key on its way to Redis. */
export interface Change {
  readonly key: string;
  /** `undefined`: a delete. */
  readonly value: NewValue | undefined;
  /** When it was called. Raised at its sending if an earlier change of the key was lost. */
  stamp: Stamp;
  /** The generation at its call, so that a clear of another process after the call clears it, too. */
  generation: string;
  /** It replays an entry of the journal; no caller waits for it. */
  readonly isReplay: boolean;
  readonly waiter: Waiter;
  /** The calls whose changes it replaced. They share its outcome. */
  replaced: Replaced | undefined;
  /** The key was cleared after it was sent. */
  isCleared: boolean;
  /** The position of the journal when it was sent. */
  seq: number;
  /** The entry of the value. */
  text: string;
  /** The bytes that it takes in the queue. */
  readonly bytes: number;
}

const UNSENT = Number.POSITIVE_INFINITY;

export function newChange(
  key: string,
  value: NewValue | undefined,
  call: Pick<Change, 'stamp' | 'generation' | 'waiter'> & { readonly isReplay?: boolean },
): Change {
  // A spread here and on the other paths of a single write costs as much as the rest of it.
  return {
    key,
    value,
    stamp: call.stamp,
    generation: call.generation,
    isReplay: call.isReplay === true,
    waiter: call.waiter,
    replaced: undefined,
    isCleared: false,
    seq: UNSENT,
    text: '',
    bytes: bytesIn(key, value),
  };
}

/** `change` was called after `older`, which was not sent. */
export function replaceChange(older: Change, change: Change): void {
  change.replaced = { waiter: older.waiter, replaced: older.replaced };
}

/** Settles all calls that wait for the change, or for one that it replaced. */
export function settleChange(change: Change, result: WriteResult): void {
  for (let each: Replaced | undefined = change; each !== undefined; each = each.replaced) {
    each.waiter.settle(result);
  }
}

/** Resolves when the outcome of the change is known, or cannot be known. */
export function answered(change: Change): Promise<void> {
  return new Promise((resolve) => {
    change.replaced = { waiter: { settle: () => resolve() }, replaced: change.replaced };
  });
}

const OVERHEAD_BYTES = 64;

function bytesIn(key: string, value: NewValue | undefined): number {
  const payload = value === undefined ? 0 : Buffer.byteLength(value.payload);
  return Buffer.byteLength(key) + payload + OVERHEAD_BYTES;
}

/** The outcome of one call that changes one or many keys: `applied` if all were applied. */
export class CallOutcome implements Waiter {
  readonly result: Promise<WriteResult>;
  #left: number;
  #result: WriteResult = 'applied';
  #resolve: (result: WriteResult) => void = () => {};

  constructor(count: number) {
    this.#left = count;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
      if (count === 0) resolve('applied');
    });
  }

  settle(result: WriteResult): void {
    if (result === 'deferred') this.#result = 'deferred';
    if (--this.#left === 0) this.#resolve(this.#result);
  }
}
