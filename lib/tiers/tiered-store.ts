import type { WriteResult } from '../api/cache.js';
import { CallOutcome } from './changes/change.js';
import { laneOf } from './lane.js';
import type { Reader } from './reader.js';
import type { Part, Shards } from './shards.js';
import type {
  CallMoment,
  Claim,
  Found,
  KeyChange,
  Loaded,
  NewValue,
  Store,
  StoreState,
} from './store.js';
import { WaitBudget } from './wait-budget.js';

type Answer = Found | undefined;

/**
 * Redis first, memory while Redis cannot be asked: the store that a cache stands on. `forRequest` gives a
 * view of it that waits for Redis no longer than one `commandTimeout` in all.
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
    for (const part of this.#shards.split(keys)) {
      const asked = await this.#look(part, keys, answers);
      if (asked.length === 0) continue;
      const names = asked.length === keys.length ? keys : asked.map((i) => keys[i] as string);
      const found = await this.#orMemory(part.of.reader.askMany(names, laneOf(keys.length)), names);
      asked.forEach((index, i) => {
        answers[index] = found[i];
      });
    }
    return answers;
  }

  async put(key: string, value: NewValue): Promise<WriteResult> {
    return this.putMany([[key, value]]);
  }

  moment(): CallMoment {
    return { stamps: this.#shards.all.map(({ shard }) => shard.door.time.stamp()) };
  }

  async putMany(
    entries: readonly (readonly [string, NewValue])[],
    moment?: CallMoment,
  ): Promise<WriteResult> {
    this.#shards.tools.observer.stored(entries.length);
    for (const [key] of entries) this.#shards.changed({ key });
    return this.#change(entries, moment);
  }

  async remove(key: string): Promise<WriteResult> {
    return this.removeMany([key]);
  }

  async removeMany(keys: readonly string[]): Promise<WriteResult> {
    this.#shards.tools.observer.removed(keys.length);
    for (const key of keys) this.#shards.changed({ key });
    return this.#change(keys.map((key) => [key, undefined] as const));
  }

  async clear(pattern: string): Promise<WriteResult> {
    const { tools } = this.#shards;
    tools.observer.removed(1);
    this.#shards.changedMatching(pattern);
    const { ready } = this.#shards;
    if (ready !== undefined) await ready;
    const results = Promise.all(this.#shards.all.map((each) => each.clearer.clear(pattern)));
    const result = results.then((all) =>
      all.every((each) => each === 'applied') ? 'applied' : 'deferred',
    );
    return this.#orDeferred(result);
  }

  async claim(keys: readonly string[], mode: 'load' | 'refresh'): Promise<readonly Claim[]> {
    const none = keys.map((): Claim => ({ kind: 'none' }));
    if (this.#isSpent) return none;
    await this.#shards.ready;
    const claims: Claim[] = none;
    for (const part of this.#shards.split(keys)) {
      const names = part.at.length === keys.length ? keys : part.at.map((i) => keys[i] as string);
      const claiming = part.of.claims.claim(names, mode, laneOf(keys.length));
      const granted = await (this.#budget?.spend<readonly Claim[] | typeof LATE>(claiming, LATE) ??
        claiming);
      // Nobody waits for it any more: what is granted late is given back.
      if (granted === LATE) void claiming.then((late) => part.of.claims.giveBack(late));
      else
        part.at.forEach((index, i) => {
          claims[index] = granted[i] as Claim;
        });
    }
    return claims;
  }

  async fill(loaded: readonly Loaded[]): Promise<void> {
    const { observer, config } = this.#shards.tools;
    const stored = loaded.filter(({ key, value, lease }) => {
      if (value.payload.length <= config.maxValueBytes) return true;
      observer.valueTooLarge(key, value.payload.length);
      lease?.release();
      return false;
    });
    observer.stored(stored.length);
    const keys = stored.map(({ key }) => key);
    for (const part of this.#shards.split(keys)) {
      const some = part.at.map((i) => stored[i] as Loaded);
      const filled = part.of.claims.fill(some, laneOf(keys.length));
      if (this.#isSpent) continue;
      await (this.#budget?.spend(filled, undefined) ?? filled);
    }
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
    const known = this.#isSpent ? reader.inMemory(key) : reader.look(key);
    if (known === 'ask') {
      return this.#budget === undefined ? reader.ask(key) : this.#ask(reader, key, this.#budget);
    }
    const turn = this.#shards.tools.turns.due();
    return turn === undefined ? known : turn.then(() => known);
  }

  /** Fills in what is known without Redis. Returns the places of the others. */
  async #look(part: Part, keys: readonly string[], answers: Answer[]): Promise<readonly number[]> {
    const { reader } = part.of;
    const asked: number[] = [];
    await this.#shards.tools.turns.forEach(part.at, (i) => {
      const key = keys[i] as string;
      const known = this.#isSpent ? reader.inMemory(key) : reader.look(key);
      if (known === 'ask') asked.push(i);
      else answers[i] = known;
    });
    return asked;
  }

  async #ask(reader: Reader, key: string, budget: WaitBudget): Promise<Answer> {
    const answer = await budget.charge<Answer | typeof LATE>(reader.ask(key), LATE);
    return answer === LATE ? reader.inMemory(key) : answer;
  }

  async #orMemory(
    found: Promise<readonly Answer[]>,
    keys: readonly string[],
  ): Promise<readonly Answer[]> {
    if (this.#budget === undefined) return found;
    const inTime = await this.#budget.spend<readonly Answer[] | typeof LATE>(found, LATE);
    if (inTime !== LATE) return inTime;
    return keys.map((key) => this.#shards.of(key).reader.inMemory(key));
  }

  async #change(
    changes: readonly (readonly [string, NewValue | undefined])[],
    calledAt?: CallMoment,
  ): Promise<WriteResult> {
    const { ready } = this.#shards;
    if (ready !== undefined) await ready;
    const moment = ready === undefined && calledAt !== undefined ? calledAt : this.moment();
    const outcome = new CallOutcome(changes.length);
    const call = { lane: laneOf(changes.length), waiter: outcome, moment };
    const { turns } = this.#shards.tools;
    await turns.forEach(changes, ([key, value]) => this.#shards.change(key, value, call));
    const turn = turns.due();
    if (turn !== undefined) await turn;
    return this.#orDeferred(outcome.result);
  }

  #orDeferred(result: Promise<WriteResult>): Promise<WriteResult> {
    return this.#budget === undefined ? result : this.#budget.spend(result, 'deferred');
  }
}

const LATE: unique symbol = Symbol('late');
