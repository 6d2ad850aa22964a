import type { WriteResult } from '../../api/cache.js';
import type { Stamp } from '../../redis/remote.js';
import type { NewValue } from '../store.js';

/** Who is told what became of a change. */
export interface Waiter {
  settle(result: WriteResult): void;
}

/** A call whose change was replaced before it was sent; its values are not kept. */
interface Replaced {
  readonly waiter: Waiter;
  readonly replaced: Replaced | undefined;
}

/** One change of one key on its way to Redis. */
export interface Change {
  readonly key: string;
  /** `undefined`: a delete. */
  readonly value: NewValue | undefined;
  /** When it was called; raised when it is sent, should an earlier change of the key be lost. */
  stamp: Stamp;
  /** The generation of its call: what another process clears after the call, it clears, too. */
  generation: string;
  /** It tells Redis again what is in the journal, and is nobody's call. */
  readonly isReplay: boolean;
  readonly waiter: Waiter;
  /** The calls whose changes it replaced: all share one outcome. */
  replaced: Replaced | undefined;
  /** The key was cleared after it was sent. */
  isCleared: boolean;
  /** Where the journal was when it was sent. */
  seq: number;
  /** The entry of the value. */
  text: string;
}

const UNSENT = Number.POSITIVE_INFINITY;

export function newChange(
  key: string,
  value: NewValue | undefined,
  call: Pick<Change, 'stamp' | 'generation' | 'waiter'> & { readonly isReplay?: boolean },
): Change {
  const { stamp, generation, waiter, isReplay = false } = call;
  const unsent = { replaced: undefined, isCleared: false, seq: UNSENT, text: '' };
  return { key, value, stamp, generation, waiter, isReplay, ...unsent };
}

/** `change` was called after `older`, which was not sent. */
export function replaceChange(older: Change, change: Change): void {
  change.replaced = { waiter: older.waiter, replaced: older.replaced };
}

/** Tells everybody who waits for the change, or for one it replaced. */
export function settleChange(change: Change, result: WriteResult): void {
  for (let each: Replaced | undefined = change; each !== undefined; each = each.replaced) {
    each.waiter.settle(result);
  }
}

/** Resolves when it is known, or cannot be known, what became of the change. */
export function answered(change: Change): Promise<void> {
  return new Promise((resolve) => {
    change.replaced = { waiter: { settle: () => resolve() }, replaced: change.replaced };
  });
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
