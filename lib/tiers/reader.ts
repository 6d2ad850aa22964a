import { classifyEntry, isTagged, versionOf, withoutLease } from '../entry/entry.js';
import { freshness } from '../entry/freshness.js';
import { Failure } from '../redis/failure.js';
import type { Lane, SlotReply } from '../redis/remote.js';
import { type Answer, type Asked, mustAskTags, type Read } from './calls/read.js';
import type { Change } from './changes/change.js';
import type { ChangeQueue } from './changes/change-queue.js';
import { mayBeOlder } from './ledger/acknowledged.js';
import { askApart } from './near/ask-apart.js';
import type { Watch } from './near/near-keys.js';
import type { Shard } from './shard.js';

/**
 * Reads keys through one door. An unanswered change of this process answers for its key, memory answers for a
 * key that the journal blocks, and Redis for every other key. Never rejects.
 */
export class Reader {
  readonly #shard: Shard;
  readonly #queue: ChangeQueue;

  constructor(shard: Shard, queue: ChangeQueue) {
    this.#shard = shard;
    this.#queue = queue;
  }

  /** The answer that this process knows without Redis; `ask`: Redis must be read. */
  look(key: string): Answer | 'ask' {
    const known = this.#known(key);
    if (known !== 'ask') return known;
    const near = this.#shard.near?.find(key);
    if (near === undefined) return 'ask';
    const { tags } = this.#shard.tools;
    return !isTagged(near.entry) || tags.isCurrent(near.entry) === true ? near : 'ask';
  }

  #known(key: string): Answer | 'ask' {
    const change = this.#queue.latest(key);
    // If the queue is full, a later change than the one in flight is in the journal.
    const isPending = change !== undefined && !this.#shard.ledger.isDeferredSince(key, change.seq);
    if (isPending && !change.isReplay) return this.#pending(change);
    return this.#shard.readerFor(key) === undefined ? this.inMemory(key) : 'ask';
  }

  #pending({ value, text, isCleared, generation }: Change): Answer {
    const isOfOther = generation !== this.#shard.door.generation;
    // A change called after our own clear gets the new generation when Redis answers the clear.
    const isGone = isCleared || (isOfOther && !this.#queue.barriers.areUp);
    if (value === undefined || isGone) return undefined;
    const state = freshness(text, this.#shard.moment.nowMs);
    if (state === 'expired') return undefined;
    return this.#valid({ entry: text, tier: 'memory', isStale: state === 'stale' });
  }

  inMemory(key: string): Answer {
    const { tools, moment } = this.#shard;
    return this.#valid(tools.standby.get(key, moment));
  }

  #valid(found: Answer): Answer {
    if (found === undefined || !isTagged(found.entry)) return found;
    return this.#shard.tools.tags.isCurrentInMemory(found.entry) ? found : undefined;
  }

  /** Reads one key from Redis. Call it when `look` returned `ask`. */
  async ask(key: string): Promise<Answer> {
    const asked = this.#asking(this.#shard.near?.watch(key));
    if (asked === undefined) return this.inMemory(key);
    const slot = await (asked.watch?.news ?? asked.commands).get(this.#shard.fullKey(key));
    if (slot instanceof Failure) this.#reportFailures([slot]);
    const answer = this.#interpret(key, slot, this.#now(asked));
    const isReady = !(answer instanceof Promise || mustAskTags(answer));
    return isReady ? answer : this.#settled(key, answer, asked);
  }

  /** Reads many keys from Redis at once. */
  askMany(keys: readonly string[], lane: Lane): Promise<readonly Answer[]> {
    const { near } = this.#shard;
    const ask = (some: readonly string[], watch?: Watch): Promise<readonly Answer[]> =>
      this.#askAll(some, lane, watch);
    return near === undefined ? ask(keys) : askApart(near, keys, ask);
  }

  async #askAll(
    keys: readonly string[],
    lane: Lane,
    watch: Watch | undefined,
  ): Promise<readonly Answer[]> {
    const asked = this.#asking(watch);
    if (asked === undefined) return keys.map((key) => this.inMemory(key));
    const fullKeys = keys.map((key) => this.#shard.fullKey(key));
    const slots = await (asked.watch?.news ?? asked.commands).getMany(fullKeys, lane);
    this.#reportFailures(slots);
    const answers: Answer[] = new Array(keys.length);
    const later: Promise<void>[] = [];
    await this.#shard.tools.turns.stretches(keys.length, (from, to) => {
      const read = this.#now(asked);
      for (let i = from; i < to; i++) {
        const key = keys[i] as string;
        const answer = this.#interpret(key, slots[i] ?? null, read);
        if (answer instanceof Promise || mustAskTags(answer))
          later.push(this.#place(this.#settled(key, answer, asked), answers, i));
        else answers[i] = answer;
      }
    });
    await Promise.all(later);
    return answers;
  }

  /** The answer, if it is not an entry of Redis with an invalid tag. */
  async #settled(
    key: string,
    answer: Answer | Promise<Answer>,
    { position }: Asked,
  ): Promise<Answer> {
    const found = await answer;
    if (!mustAskTags(found)) return found;
    const isCurrent = await this.#shard.tools.tags.isCurrent(found.entry);
    if (!isCurrent) return undefined;
    if (this.#shard.ledger.isUnchangedSince(key, position)) return found;
    // The key was changed while Redis was asked for the tags.
    const known = this.look(key);
    return known === 'ask' ? undefined : known;
  }

  async #place(answer: Promise<Answer>, answers: Answer[], i: number): Promise<void> {
    answers[i] = await answer;
  }

  /** Whether an entry from another reply of Redis (a claim) may be returned. */
  isBelievable(key: string, entry: string): boolean {
    const { door, ledger } = this.#shard;
    if (classifyEntry(entry, door.generation, key) !== 'usable') return false;
    const version = versionOf(entry);
    door.time.saw(version);
    const own = ledger.acknowledged(key);
    return version > ledger.clearedUpTo(key) && !(own !== undefined && mayBeOlder(version, own));
  }

  #asking(watch?: Watch): Asked | undefined {
    const { door, ledger, tools } = this.#shard;
    const commands = door.reader;
    return commands && { commands, position: ledger.position, at: tools.clock.now(), watch };
  }

  #now(asked: Asked): Read {
    const { door } = this.#shard;
    // The process may have been suspended.
    const isProven = asked.isProvenSince === true || door.isProven();
    const { commands, position, at, isProvenSince, watch } = asked;
    return { commands, position, at, isProvenSince, watch, isProven, nowMs: door.time.now() };
  }

  #interpret(key: string, slot: SlotReply, read: Read): Answer | Promise<Answer> {
    if (slot instanceof Failure) return this.#failed(key, slot);
    // While this reply was in flight, the key may have been changed or Redis may have been lost.
    const known = this.#known(key);
    if (known !== 'ask') return known;
    if (!read.isProven) return this.#afterProof(key, slot, read);
    return slot === null ? this.#absent(key, read) : this.#admit(key, withoutLease(slot), read);
  }

  /** One failure may be the reply to many keys. */
  #reportFailures(slots: readonly SlotReply[]): void {
    let last: Failure | undefined;
    for (const slot of slots) {
      if (!(slot instanceof Failure) || slot === last) continue;
      last = slot;
      if (!slot.isImpatient) this.#shard.door.report(slot);
    }
  }

  #failed(key: string, failure: Failure): Answer {
    // A key of another type holds nothing of ours. After any other failure memory answers.
    return failure.isAbout('WRONGTYPE') ? undefined : this.inMemory(key);
  }

  /** The reply counts if a heartbeat after it shows the same data. */
  async #afterProof(key: string, slot: string | null, asked: Asked): Promise<Answer> {
    const isProvenSince = await this.#shard.door.prove();
    if (!isProvenSince) return this.inMemory(key);
    return this.#interpret(key, slot, this.#now({ ...asked, isProvenSince }));
  }

  #admit(key: string, entry: string, read: Read): Answer | Promise<Answer> {
    const { door, ledger, tools } = this.#shard;
    switch (classifyEntry(entry, door.generation, key)) {
      case 'usable':
        break;
      case 'misplaced':
        return this.#misplaced(key, entry, read);
      case 'foreign':
        tools.observer.failed('decode', undefined);
        return this.#absent(key, read);
      case 'absent':
        return this.#absent(key, read);
    }
    const version = versionOf(entry);
    door.time.saw(version);
    if (version <= ledger.clearedUpTo(key)) return this.#absent(key, read);
    const own = ledger.acknowledged(key);
    if (own !== undefined && mayBeOlder(version, own)) {
      // The data was replaced, or another process' clock is behind.
      if (read.isProvenSince !== true) return this.#afterProof(key, entry, read);
      if (!ledger.isUnchangedSince(key, read.position)) return this.inMemory(key);
      own.version = version;
    }
    return this.#give(key, entry, read);
  }

  #give(key: string, entry: string, { position, at, nowMs, watch }: Read): Answer {
    const { ledger, tools, near } = this.#shard;
    const state = freshness(entry, nowMs);
    if (!(state === 'fresh' || state === 'stale')) return this.#absent(key, { position });
    if (ledger.isUnchangedSince(key, position)) {
      tools.standby.keep(key, entry, { seenAt: at });
      if (watch !== undefined) near?.admit(key, entry, watch);
    }
    return { entry, tier: 'redis', isStale: state === 'stale' };
  }

  /**
   * It is an entry of another cache, whose prefix begins with ours, or replies no longer belong to their
   * commands.
   */
  async #misplaced(key: string, entry: string, asked: Asked): Promise<Answer> {
    const { tools, door } = this.#shard;
    const again = await asked.commands.recheck(this.#shard.fullKey(key));
    if (again instanceof Failure) {
      this.#reportFailures([again]);
      return this.#failed(key, again);
    }
    tools.observer.failed('decode', undefined);
    const isStored = again !== null && withoutLease(again) === entry;
    const isChanged = again === null || this.#isOurs(key, withoutLease(again));
    if (!isStored && isChanged) door.report(asked.commands.desync('an entry of another key'));
    return this.#absent(key, asked);
  }

  #isOurs(key: string, entry: string): boolean {
    return classifyEntry(entry, this.#shard.door.generation, key) !== 'misplaced';
  }

  /** Redis does not have the key, so memory must not have it either. */
  #absent(key: string, { position }: Pick<Asked, 'position'>): undefined {
    const { ledger, tools } = this.#shard;
    if (ledger.isUnchangedSince(key, position)) tools.standby.delete(key);
  }
}
