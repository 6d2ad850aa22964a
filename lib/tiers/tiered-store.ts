import type { WriteResult } from '../api/cache.js';
import type { CacheMode } from '../api/status.js';
import { tagKey } from '../entry/entry-tags.js';
import { askAll } from './calls/ask-all.js';
import { claimAll } from './calls/claim-all.js';
import { fillAll } from './calls/fill-all.js';
import { versionsInTime } from './calls/versions-in-time.js';
import { CallOutcome, UNAWAITED, type Waiter } from './changes/change.js';
import { laneOf } from './lane.js';
import type { Reader } from './reader.js';
import type { Shards } from './shards.js';
import type {
  Claim,
  Found,
  KeyChange,
  Loaded,
  NewValue,
  Store,
  StoreState,
  TagMoment,
} from './store.js';
import { isTooLarge } from './value-limit.js';
import { WaitBudget } from './wait-budget.js';

type Answer = Found | undefined;

/**
 * The store of a cache: Redis first, and memory while Redis cannot be used. `forRequest` gives a view of it
 * that waits for a sick Redis no longer than one call does.
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

  get mode(): CacheMode {
    return this.#shards.mode;
  }

  forRequest(): Store {
    const { tools, callersPatienceMs } = this.#shards;
    return new TieredStore(this.#shards, new WaitBudget(tools.clock, callersPatienceMs));
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
    const isAll = asked.length === keys.length;
    const found = askAll(this.#shards, isAll ? keys : asked.map((i) => keys[i] as string));
    const spent = this.#budget?.spendInSilence<readonly Answer[] | undefined>(found, undefined);
    const inTime = await (spent ?? found);
    if (isAll && inTime !== undefined) return inTime;
    asked.forEach((index, i) => {
      answers[index] = inTime === undefined ? this.peek(keys[index] as string) : inTime[i];
    });
    return answers;
  }

  put(key: string, value: NewValue): Promise<WriteResult> {
    const { tools } = this.#shards;
    if (isTooLarge(tools, key, value))
      return this.#changeOne(key, undefined).then(() => 'deferred');
    tools.observer.stored(1);
    return this.#changeOne(key, value);
  }

  async putMany(entries: readonly (readonly [string, NewValue])[]): Promise<WriteResult> {
    const tooLarge = new Set<string>();
    for (const [key, value] of entries)
      if (isTooLarge(this.#shards.tools, key, value)) tooLarge.add(key);
    this.#shards.tools.observer.stored(entries.length - tooLarge.size);
    if (tooLarge.size === 0) return this.#change(entries);
    await this.#change(
      entries.map(([key, value]) => [key, tooLarge.has(key) ? undefined : value] as const),
    );
    return 'deferred';
  }

  remove(key: string): Promise<WriteResult> {
    this.#shards.tools.observer.removed(1);
    return this.#changeOne(key, undefined);
  }

  async removeMany(keys: readonly string[]): Promise<WriteResult> {
    this.#shards.tools.observer.removed(keys.length);
    return this.#change(keys.map((key) => [key, undefined] as const));
  }

  async clear(pattern: string): Promise<WriteResult> {
    this.#shards.tools.observer.removed(1);
    this.#shards.changedMatching(pattern);
    const ready = this.#shards.readyForChange();
    if (ready !== undefined) await ready;
    const clearing = this.#shards.all.map((each) => each.clearer.clear(pattern));
    return this.#orDeferred(Promise.all(clearing).then(worstOf));
  }

  claim(keys: readonly string[], mode: 'load' | 'refresh'): Promise<readonly Claim[]> {
    return claimAll(this.#shards, keys, { mode, budget: this.#budget });
  }

  async fill(loaded: readonly Loaded[]): Promise<void> {
    const stored = loaded.filter(
      (each) => !isTooLarge(this.#shards.tools, each.key, each.value) || this.#drop(each),
    );
    this.#shards.tools.observer.stored(stored.length);
    const lane = laneOf(stored.length);
    const filling = fillAll(this.#shards, stored, lane);
    if (!this.#isSpent) await (this.#budget?.spend(filling, undefined) ?? filling);
  }

  tagVersions(...asked: Parameters<Store['tagVersions']>): ReturnType<Store['tagVersions']> {
    return versionsInTime(this.#shards, this.#budget, asked);
  }

  invalidateTags(tags: readonly string[]): Promise<WriteResult> {
    this.#shards.tools.observer.removed(tags.length);
    this.#shards.tags.invalidate(tags);
    return this.#change(tags.map((tag) => [tagKey(tag), undefined] as const));
  }

  tagMoment(): TagMoment {
    return this.#shards.tags.moment();
  }

  tagsChangedSince(tags: readonly string[], since: TagMoment): boolean {
    return this.#shards.tags.changedSince(tags, since);
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
    // A load may follow a miss, and callers of one turn share a load only if it begins in that turn.
    const turn = known === undefined ? undefined : this.#shards.tools.turns.due();
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

  /** As `#change` does, without a step that a single key does not need. */
  #changeOne(key: string, value: NewValue | undefined): Promise<WriteResult> {
    if (this.#shards.ready !== undefined) return this.#change([[key, value]]);
    this.#shards.changed({ key });
    const outcome = new CallOutcome(1);
    this.#shards.of(key).writer.change(key, value, { lane: 'request', waiter: outcome });
    const turn = this.#shards.tools.turns.due();
    const result = this.#orDeferred(outcome.result);
    return turn === undefined ? result : turn.then(() => result);
  }

  async #change(
    changes: readonly (readonly [string, NewValue | undefined])[],
  ): Promise<WriteResult> {
    for (const [key] of changes) this.#shards.changed({ key });
    const ready = this.#shards.readyForChange();
    if (ready !== undefined) await ready;
    const outcome = new CallOutcome(changes.length);
    this.#changeAll(changes, outcome);
    const turn = this.#shards.tools.turns.due();
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

  #orDeferred(result: Promise<WriteResult>): Promise<WriteResult> {
    return this.#budget === undefined ? result : this.#budget.spend(result, 'deferred');
  }
}

const LATE: unique symbol = Symbol('late');

function worstOf(results: readonly WriteResult[]): WriteResult {
  return results.every((result) => result === 'applied') ? 'applied' : 'deferred';
}
