import type { Clock } from '../../core/time/clock.js';
import { type TagFacts, type TagVersion, tagKey } from '../../entry/entry-tags.js';
import { Failure } from '../../redis/failure.js';
import type { Commands, TagReply } from '../../redis/remote.js';
import type { ShardStore } from '../shard-store.js';
import type { TagMoment, TagNeed } from '../store.js';
import type { AskedTags, KnownTag, KnownTags } from './known-tags.js';
import type { TagChanges } from './tag-changes.js';
import { factsOf, newRecord } from './tag-record.js';

/** The shortest life of a record, and how many times as long as its entry it lives. */
const SHORTEST_LIFE_MS = 3_600_000;
const LIVES = 2;

/** Two processes' estimates of the server's clock differ by less. */
const CLOCK_MARGIN_MS = 1_000;

/** How the versions of tags are kept. */
export interface TagBook {
  readonly changes: TagChanges;
  readonly known: KnownTags;
  isBelieved(known: KnownTag, tag: string): boolean;
  learn(tag: string, facts: TagFacts, asked: AskedTags & { readonly lifeMs?: number }): void;
}

export interface TagMakerOptions {
  readonly clock: Clock;
  readonly of: (key: string) => ShardStore;
  readonly tags: TagBook;
}

type Versions = readonly TagVersion[] | undefined;

const ASK: unique symbol = Symbol('ask');
const UNSAFE: unique symbol = Symbol('unsafe');

/**
 * Gets the versions for new entries. Makes the records that are missing.
 *
 * Invariant: a version that is given for a load was the tag's when the load began, or earlier, so a later
 * `invalidateTags` ends the entry. An outdated version is harmless: its entry is not valid.
 */
export class TagMaker {
  readonly #options: TagMakerOptions;

  constructor(options: TagMakerOptions) {
    this.#options = options;
  }

  versions(tags: readonly string[], need: TagNeed): Versions | Promise<Versions> {
    const versions = new Map<string, string>();
    const unknown: string[] = [];
    for (const tag of tags) {
      const version = this.#known(tag, need);
      if (version === UNSAFE) return undefined;
      if (version === ASK) unknown.push(tag);
      else versions.set(tag, version);
    }
    if (unknown.length === 0) return inOrder(tags, versions);
    return this.#ask(unknown, need).then((found) => {
      for (const [tag, version] of found ?? []) versions.set(tag, version);
      return found && inOrder(tags, versions);
    });
  }

  inMemory(tags: readonly string[]): readonly TagVersion[] {
    return tags.map((tag) => ({ tag, version: this.#inMemory(tag) }));
  }

  #known(tag: string, { lifeMs, since }: TagNeed): string | typeof ASK | typeof UNSAFE {
    const { clock, of, tags } = this.#options;
    const key = tagKey(tag);
    if (since !== undefined && tags.changes.hasChanged(tag, since.position)) return UNSAFE;
    const { shard, writer } = of(key);
    if (writer.queue.latest(key) !== undefined) return ASK;
    if (shard.readerFor(key) === undefined || shard.writer === undefined)
      return this.#inMemory(tag);
    const known = tags.known.get(tag);
    if (known === undefined || !tags.isBelieved(known, tag)) return ASK;
    if (known.livesUntil < clock.now() + lifeMs) return ASK;
    if (since !== undefined && !this.#isSafe(tag, known, since)) return UNSAFE;
    known.usedAt = clock.now();
    return known.version;
  }

  /** Whether the version was the tag's when the load began. */
  #isSafe(tag: string, facts: TagFacts, since: TagMoment): boolean {
    const { clock, of, tags } = this.#options;
    if (tags.changes.hasChanged(tag, since.position)) return false;
    const known = tags.known.get(tag);
    if (known?.version === facts.version && known.learnedAt <= since.position) return true;
    const { shard } = of(tagKey(tag));
    const loadMs = clock.now() - since.at;
    // A tag that was invalidated during the load has left a tombstone, or a record that says so.
    if (!facts.wasRemoved && loadMs < shard.tombstoneMs - CLOCK_MARGIN_MS) return true;
    return facts.madeAt / 1_000 + CLOCK_MARGIN_MS < shard.door.time.now() - loadMs;
  }

  #inMemory(tag: string): string {
    const key = tagKey(tag);
    const { shard, reader } = this.#options.of(key);
    const found = reader.inMemory(key);
    const facts = found && factsOf(found.entry);
    if (facts !== undefined) return facts.version;
    const { version, value } = newRecord();
    shard.tools.standby.keep(key, shard.textOf(key, value, shard.door.time.stamp()));
    return version;
  }

  /** `undefined`: a tag may have been invalidated since the load began. */
  async #ask(
    unknown: readonly string[],
    need: TagNeed,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const { of } = this.#options;
    // Redis must have our own invalidations first.
    await Promise.all(
      unknown.map((tag) => of(tagKey(tag)).writer.queue.untilAnswered(tagKey(tag))),
    );
    const byStore = new Map<ShardStore, string[]>();
    for (const tag of unknown) {
      const store = of(tagKey(tag));
      const list = byStore.get(store);
      if (list === undefined) byStore.set(store, [tag]);
      else list.push(tag);
    }
    const versions = new Map<string, string>();
    const asking = [...byStore].map(([store, tags]) => this.#askOne(store, tags, need));
    for (const found of await Promise.all(asking)) {
      if (found === undefined) return undefined;
      for (const [tag, version] of found) versions.set(tag, version);
    }
    return versions;
  }

  async #askOne(
    { shard }: ShardStore,
    tags: readonly string[],
    need: TagNeed,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const { clock, tags: book } = this.#options;
    const asked = { position: book.changes.next(), at: clock.now() };
    const lifeMs = Math.max(SHORTEST_LIFE_MS, LIVES * need.lifeMs);
    const requests = tags.map((tag) => ({ key: shard.fullKey(tagKey(tag)), lifeMs }));
    const commands = askable(shard, tags);
    const { position } = shard.ledger;
    const replies = commands === undefined ? [] : await commands.tags(requests);
    const versions = new Map<string, string>();
    for (const [i, tag] of tags.entries()) {
      const reply = replies[i];
      const facts = this.#received(shard, tag, { reply, position, asked });
      if (facts === undefined && need.since !== undefined) return undefined;
      if (facts !== undefined && need.since !== undefined)
        if (!this.#isSafe(tag, facts, need.since)) return undefined;
      versions.set(tag, facts?.version ?? this.#inMemory(tag));
    }
    return versions;
  }

  #received(
    shard: ShardStore['shard'],
    tag: string,
    answer: {
      readonly reply: TagReply | undefined;
      readonly position: number;
      readonly asked: AskedTags;
    },
  ): TagFacts | undefined {
    const { reply, position, asked } = answer;
    if (reply === undefined) return undefined;
    if (reply instanceof Failure) {
      if (!reply.isImpatient) shard.door.report(reply);
      return undefined;
    }
    const key = tagKey(tag);
    shard.door.time.saw(reply.madeAt);
    this.#options.tags.learn(tag, reply, { ...asked, lifeMs: reply.leftMs });
    if (shard.ledger.isUnchangedSince(key, position)) {
      const text = shard.textOf(key, newRecord(reply).value, { low: reply.madeAt });
      shard.tools.standby.keep(key, text, { seenAt: asked.at });
    }
    return reply;
  }
}

/** The connection, if Redis serves the records of all these tags. */
function askable(shard: ShardStore['shard'], tags: readonly string[]): Commands | undefined {
  const isBlocked = tags.some((tag) => shard.readerFor(tagKey(tag)) === undefined);
  return isBlocked ? undefined : shard.writer;
}

function inOrder(
  tags: readonly string[],
  versions: ReadonlyMap<string, string>,
): readonly TagVersion[] {
  return tags.map((tag) => ({ tag, version: versions.get(tag) as string }));
}
