import type { WriteResult } from '../../api/cache.js';
import type { Stamp } from '../../redis/remote.js';
import type { NewValue } from '../store.js';

/** One change of one key on its way to Redis. */
export interface Change {
  readonly key: string;
  /** `undefined`: a delete. */
  readonly value: NewValue | undefined;
  /** When it was called. */
  stamp: Stamp;
  /** The ledger's position after the call. */
  readonly position: number;
  /** It tells Redis again what is in the journal, and is nobody's call. */
  readonly isReplay: boolean;
  readonly waiter: Waiter;
  /** The change it replaced before that was sent; both share one outcome. */
  replaced: Change | undefined;
  /** What the journal held when it was sent. */
  seq: number;
  /** Its entry, made when it was first sent. */
  text: string;
}

/** Who is told what became of a change. */
export interface Waiter {
  settle(result: WriteResult): void;
}

export function newChange(
  key: string,
  value: NewValue | undefined,
  call: Pick<Change, 'stamp' | 'position' | 'waiter'> & { readonly isReplay?: boolean },
): Change {
  const { stamp, position, waiter, isReplay = false } = call;
  return { key, value, stamp, position, waiter, isReplay, replaced: undefined, seq: 0, text: '' };
}

/** Tells everybody who waits for the change, or for one it replaced. */
export function settleChange(change: Change, result: WriteResult): void {
  for (let each: Change | undefined = change; each !== undefined; each = each.replaced) {
    each.waiter.settle(result);
  }
}

/** Another call learns what becomes of the change. */
export function addWaiter(change: Change, waiter: Waiter): void {
  change.replaced = { ...change, waiter, replaced: change.replaced };
}

/** What a change takes in the queue. */
export function bytesOf({ key, value }: Change): number {
  return key.length + (value === undefined ? 0 : value.payload.length) + 64;
}

/** The outcome of one call that changes one or many keys: `applied` when all were. */
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

/** Nobody waits. */
export const NOBODY: Waiter = { settle: () => {} };
