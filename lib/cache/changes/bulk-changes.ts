import type { WriteResult } from '../../api/cache.js';
import type { Turns } from '../../core/time/turns.js';
import type { KeyChange, NewValue, Store } from '../../tiers/store.js';

/** A key and its new value; `undefined` deletes. */
export type BulkChange = readonly [key: string, value: NewValue | undefined];

/** The most keys that we give to the store at once, so that no call holds the event loop for long. */
const MAX_KEYS = 500;

/** What to do with the items of a bulk change. */
export interface BulkWork<T> {
  readonly toChange: (item: T) => BulkChange;
  readonly send: (changes: readonly BulkChange[]) => Promise<WriteResult>;
  /** Nothing is sent before it has settled. Present if something must be asked first. */
  readonly ready?: Promise<unknown> | undefined;
}

/**
 * Changes of many keys: in the call itself, as of a single key, if they are few and quickly encoded. Otherwise
 * over as many turns of the event loop as it takes to check and encode them.
 *
 * Invariants: all arguments are checked before anything is changed; of two changes of a key the later *call*
 * wins, so a bulk change leaves out a key that was changed while it waited for its turn, and is then not known
 * to be applied.
 */
export class BulkChanges {
  readonly #turns: Turns;
  readonly #running = new Set<RunningChange>();
  #onIdle: (() => void) | undefined;
  #idle: Promise<void> | undefined;
  #calls = 0;
  /** The bulk change whose keys are being given to the store. */
  #sending: RunningChange | undefined;

  constructor(store: Store, turns: Turns) {
    this.#turns = turns;
    store.onChange((change) => {
      const calledAt = this.#sending?.calledAt ?? this.#calls + 1;
      for (const running of this.#running)
        if (running.calledAt < calledAt) running.overtake(change);
    });
  }

  /** Present while a bulk change waits for its turn or its answers. Resolves when none does. */
  get running(): Promise<void> | undefined {
    if (this.#running.size === 0) return undefined;
    this.#idle ??= new Promise((resolve) => {
      this.#onIdle = resolve;
    });
    return this.#idle;
  }

  /** Turns each item into a change, then gives the changes to `send`. */
  run<T>(items: readonly T[], { toChange, send, ready }: BulkWork<T>): Promise<WriteResult> {
    const changes = new Map<string, NewValue | undefined>();
    const add = (item: T): void => {
      const [key, value] = toChange(item);
      changes.set(key, value);
    };
    const added = items.length > MAX_KEYS ? 0 : this.#turns.thisTurn(items, add);
    if (added < items.length || ready !== undefined)
      return this.#runLong(changes, { add, items, added, ready }, send);
    return changes.size === 0 ? Promise.resolve('applied') : send([...changes]);
  }

  #ended(): void {
    this.#onIdle?.();
    this.#onIdle = undefined;
    this.#idle = undefined;
  }

  async #runLong<T>(
    changes: Map<string, NewValue | undefined>,
    left: {
      readonly items: readonly T[];
      readonly added: number;
      readonly add: (item: T) => void;
      readonly ready: Promise<unknown> | undefined;
    },
    send: (changes: readonly BulkChange[]) => Promise<WriteResult>,
  ): Promise<WriteResult> {
    const running = new RunningChange(++this.#calls);
    this.#running.add(running);
    try {
      await this.#turns.forEach(left.items.slice(left.added), left.add);
      await left.ready;
      const answers: Promise<WriteResult>[] = [];
      await this.#turns.forEach(batches(changes, running), (batch) => {
        this.#sending = running;
        answers.push(send(batch));
        this.#sending = undefined;
      });
      const worst = await worstOf(answers);
      return running.wasOvertaken ? 'deferred' : worst;
    } finally {
      this.#running.delete(running);
      if (this.#running.size === 0) this.#ended();
    }
  }
}

/** A bulk change that waits for its turn, and the keys that later calls have changed since. */
class RunningChange {
  /** The place of its call among all bulk changes. */
  readonly calledAt: number;
  readonly #keys = new Set<string>();
  readonly #matchers: ((key: string) => boolean)[] = [];
  /** One of its keys at least was left out. The outcome of what overtook it is not known here. */
  wasOvertaken = false;

  constructor(calledAt: number) {
    this.calledAt = calledAt;
  }

  overtake(change: KeyChange): void {
    if ('key' in change) this.#keys.add(change.key);
    else if ('matches' in change) this.#matchers.push(change.matches);
  }

  isOvertaken(key: string): boolean {
    const isOvertaken = this.#keys.has(key) || this.#matchers.some((matches) => matches(key));
    if (isOvertaken) this.wasOvertaken = true;
    return isOvertaken;
  }
}

/** Makes each batch when it is needed, and leaves out keys that were changed until then. */
function* batches(
  changes: ReadonlyMap<string, NewValue | undefined>,
  running: RunningChange,
): Iterable<readonly BulkChange[]> {
  let batch: BulkChange[] = [];
  for (const change of changes) {
    if (running.isOvertaken(change[0])) continue;
    batch.push(change);
    if (batch.length < MAX_KEYS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function worstOf(answers: readonly Promise<WriteResult>[]): Promise<WriteResult> {
  let worst: WriteResult = 'applied';
  for (const answer of answers) if ((await answer) !== 'applied') worst = 'deferred';
  return worst;
}
