import type { WriteResult } from '../api/cache.js';
import type { Lane } from '../redis/remote.js';
import { CallOutcome, type Waiter } from './changes/change.js';
import type { Reader } from './reader.js';
import type { Shards } from './shards.js';
import type { Claim, Found, KeyChange, Loaded, NewValue, Store, StoreState } from './store.js';
import { WaitBudget } from './wait-budget.js';

type Answer = Found | undefined;

/** A call for more keys than this is bulk work, which other calls overtake. */
const MANY = 128;

/**
 * The store of a cache: Redis first, and memory while Redis cannot be used. `forRequest` gives a view of it
 * that waits for Redis no longer than one `commandTimeout` in all.
 */
export class TieredStore implements Store {
  readonly #shards: Shards;
  readonly #budget: WaitBudget | undefined;

  constructor(shards: Shards, budget?: WaitBudget) {
    this.#shards = shards;
    this.#budget = budget;
  }

  get state(): StoreState {
    return this.#shards.state;
  }

  forRequest(): Store {
    const { clock, config } = this.#shards.tools;
    return new TieredStore(this.#shards, new WaitBudget(clock, config.commandTimeoutMs));
  }

  onChange(listener: (change: KeyChange) => void): void {
    this.#shards.onChange(listener);
  }

  timeOf(key: string): number {
    return this.#shards.of(key).shard.door.time.now();
  }

  get(key: string): Answer | Promise<Answer> {
    const { ready } = this.#shards;
    return ready === undefined ? this.#get(key) : ready.then(() => this.#get(key));
  }

  async getMany(keys: readonly string[]): Promise<readonly Answer[]> {
    await this.#shards.ready;
    const answers: Answer[] = new Array(keys.length);
    const asked = await this.#look(keys, answers);
    if (asked.length === 0) return answers;
    const found = this.#ask(asked.map((i) => keys[i] as string));
    const inTime = await (this.#budget?.spendInSilence<readonly Answer[] | undefined>(
      found,
      undefined,
    ) ?? found);
    asked.forEach((index, i) => {
      answers[index] = inTime === undefined ? this.peek(keys[index] as string) : inTime[i];
    });
    return answers;
  }

  async put(key: string, value: NewValue): Promise<WriteResult> {
    return this.putMany([[key, value]]);
  }

  async putMany(entries: readonly (readonly [string, NewValue])[]): Promise<WriteResult> {
    const changes = entries.map(([key, value]) =>
      this.#isTooLarge(key, value) ? ([key, undefined] as const) : ([key, value] as const),
    );
    const stored = changes.filter(([, value]) => value !== undefined).length;
    this.#shards.tools.observer.stored(stored);
    const result = await this.#change(changes);
    return stored === changes.length ? result : 'deferred';
  }

  async remove(key: string): Promise<WriteResult> {
    return this.removeMany([key]);
  }

  async removeMany(keys: readonly string[]): Promise<WriteResult> {
    this.#shards.tools.observer.removed(keys.length);
    return this.#change(keys.map((key) => [key, undefined] as const));
  }

  async clear(pattern: string): Promise<WriteResult> {
    this.#shards.tools.observer.removed(1);
    this.#shards.changedMatching(pattern);
    const { ready } = this.#shards;
    if (ready !== undefined) await ready;
    const results = Promise.all(this.#shards.all.map((each) => each.clearer.clear(pattern)));
    return this.#orDeferred(results.then(worstOf));
  }

  async claim(keys: readonly string[], mode: 'load' | 'refresh'): Promise<readonly Claim[]> {
    const claims = keys.map((): Claim => NONE);
    if (this.#isSpent) return claims;
    await this.#shards.ready;
    const lane = laneOf(keys.length);
    let isLate = false;
    const claiming = this.#shards.split(keys).map(async ({ of, keys: some, at }) => {
      const granted = await of.claims.claim(some, mode, lane);
      if (isLate) of.claims.giveBack(granted);
      else for (const [i, index] of at.entries()) claims[index] = granted[i] as Claim;
    });
    const all = Promise.all(claiming).then(() => true);
    const isInTime = await (this.#budget?.spend(all, false) ?? all);
    // The caller does not wait for the rest any more, so late grants are given back.
    isLate = !isInTime;
    return isLate ? [...claims] : claims;
  }

  async fill(loaded: readonly Loaded[]): Promise<void> {
    const stored = loaded.filter(
      (each) => !this.#isTooLarge(each.key, each.value) || this.#drop(each),
    );
    this.#shards.tools.observer.stored(stored.length);
    const lane = laneOf(stored.length);
    const parts = this.#shards.split(stored.map(({ key }) => key));
    const filling = parts.map(({ of, at }) => {
      return of.claims.fill(
        at.map((i) => stored[i] as Loaded),
        lane,
      );
    });
    const all = Promise.all(filling).then(() => {});
    if (!this.#isSpent) await (this.#budget?.spend(all, undefined) ?? all);
  }

  peek(key: string): Answer {
    return this.#shards.of(key).reader.inMemory(key);
  }

  unreadable(key: string): void {
    const { observer, standby } = this.#shards.tools;
    observer.failed('decode', undefined);
    standby.delete(key);
  }

  get #isSpent(): boolean {
    return this.#budget?.isSpent === true;
  }

  #get(key: string): Answer | Promise<Answer> {
    const { reader } = this.#shards.of(key);
    const known = this.#known(reader, key);
    if (known === 'ask') {
      return this.#budget === undefined ? reader.ask(key) : this.#charge(reader, key, this.#budget);
    }
    const turn = this.#shards.tools.turns.due();
    return turn === undefined ? known : turn.then(() => known);
  }

  #known(reader: Reader, key: string): Answer | 'ask' {
    const known = reader.look(key);
    return known === 'ask' && this.#isSpent ? reader.inMemory(key) : known;
  }

  async #charge(reader: Reader, key: string, budget: WaitBudget): Promise<Answer> {
    const answer = await budget.charge<Answer | typeof LATE>(reader.ask(key), LATE);
    return answer === LATE ? reader.inMemory(key) : answer;
  }

  /** Fills in what is known without Redis. Returns the places of the others. */
  async #look(keys: readonly string[], answers: Answer[]): Promise<readonly number[]> {
    const asked: number[] = [];
    await this.#shards.tools.turns.forEach(keys, (key, i) => {
      const known = this.#known(this.#shards.of(key).reader, key);
      if (known === 'ask') asked.push(i);
      else answers[i] = known;
    });
    return asked;
  }

  /** Reads from Redis, from all servers at the same time. */
  async #ask(keys: readonly string[]): Promise<readonly Answer[]> {
    const answers: Answer[] = new Array(keys.length);
    const asking = this.#shards.split(keys).map(async ({ of, keys: some, at }) => {
      const found = await of.reader.askMany(some, laneOf(keys.length));
      for (const [i, index] of at.entries()) answers[index] = found[i];
    });
    await Promise.all(asking);
    return answers;
  }

  async #change(
    changes: readonly (readonly [string, NewValue | undefined])[],
  ): Promise<WriteResult> {
    for (const [key] of changes) this.#shards.changed({ key });
    const { ready, tools } = this.#shards;
    if (ready !== undefined) await ready;
    const outcome = new CallOutcome(changes.length);
    this.#changeAll(changes, outcome);
    const turn = tools.turns.due();
    if (turn !== undefined) await turn;
    return this.#orDeferred(outcome.result);
  }

  #changeAll(changes: readonly (readonly [string, NewValue | undefined])[], waiter: Waiter): void {
    const call = { lane: laneOf(changes.length), waiter };
    for (const [key, value] of changes) this.#shards.of(key).writer.change(key, value, call);
  }

  /** A loaded value is too large to be stored. Removes the old value. */
  #drop({ key, lease }: Loaded): false {
    lease?.abandon();
    if (lease === undefined) this.#shards.tools.standby.delete(key);
    else this.#changeAll([[key, undefined]], UNAWAITED);
    return false;
  }

  #isTooLarge(key: string, { payload }: NewValue): boolean {
    const { observer, config } = this.#shards.tools;
    const { length } = payload;
    // A character has three bytes at most.
    if (length * 3 <= config.maxValueBytes) return false;
    const bytes = Buffer.byteLength(payload);
    if (bytes <= config.maxValueBytes) return false;
    observer.valueTooLarge(key, bytes);
    return true;
  }

  #orDeferred(result: Promise<WriteResult>): Promise<WriteResult> {
    return this.#budget === undefined ? result : this.#budget.spend(result, 'deferred');
  }
}

const LATE: unique symbol = Symbol('late');
const NONE: Claim = { kind: 'none' };
/** No caller waits. */
const UNAWAITED: Waiter = { settle: () => {} };

function laneOf(keys: number): Lane {
  return keys <= MANY ? 'request' : 'bulk';
}

function worstOf(results: readonly WriteResult[]): WriteResult {
  return results.every((result) => result === 'applied') ? 'applied' : 'deferred';
}
