import type { Clock } from '../../core/time/clock.js';
import { tagsOf } from '../../entry/entry.js';
import { type TagFacts, type TagVersion, tagKey } from '../../entry/entry-tags.js';
import { laneOf } from '../lane.js';
import type { ShardStore } from '../shard-store.js';
import type { Found, KeyChange, TagChangeTime, TagMoment, TagNeed } from '../store.js';
import { type AskedTags, type KnownTag, KnownTags } from './known-tags.js';
import { TagChanges } from './tag-changes.js';
import type { TagCheck } from './tag-check.js';
import { TagMaker } from './tag-maker.js';
import { factsOf } from './tag-record.js';

/** A version is believed for this long after Redis was asked. */
const BELIEVED_MS = 1_000;

/** With each heartbeat we ask for the tags that were used within this time, and for no more than this many. */
const IN_USE_MS = 10_000;
const REFRESH_MS = 400;
const MAX_REFRESHED = 1_000;

/** The reader joins single reads of one turn into one command. */
const MAX_SINGLE = 16;

/** What the tags of a store need of it. */
export interface TagsOptions {
  readonly tools: { readonly clock: Clock };
  /** The parts that serve the record of a tag. */
  of(key: string): ShardStore;
  changed(change: KeyChange): void;
}

/**
 * The versions of tags. A version is a random text in the tag's record, which is a key of its own. An entry
 * holds the versions that its tags had before it was made, and is valid as long as they are the same. To
 * invalidate a tag is to delete its record. The next entry with the tag makes a new record, with another
 * version. So a record that Redis has evicted invalidates its entries, too, and nothing makes them valid again.
 *
 * Invariants: what this process invalidated is never believed to be valid; a version from Redis is believed for
 * `BELIEVED_MS`; while Redis cannot be used, memory's copies of the records count.
 */
export class Tags implements TagCheck {
  readonly changes: TagChanges = new TagChanges();
  readonly known: KnownTags = new KnownTags();
  readonly #options: TagsOptions;
  readonly #clock: Clock;
  readonly #maker: TagMaker;
  /** The tags that Redis is being asked for. */
  readonly #asking = new Map<string, Promise<string | undefined>>();
  #isRefreshing = false;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(options: TagsOptions) {
    this.#options = options;
    this.#clock = options.tools.clock;
    this.#maker = new TagMaker({
      clock: this.#clock,
      of: (key) => options.of(key),
      tags: this,
    });
  }

  /** Marks the moment at which a load begins. */
  moment(): TagMoment {
    return { position: this.changes.next(), at: this.#clock.now() };
  }

  /** The versions for a new entry; `undefined`: a tag may have been invalidated since its load began. */
  versions(
    tags: readonly string[],
    need: TagNeed,
  ): readonly TagVersion[] | undefined | Promise<readonly TagVersion[] | undefined> {
    return this.#maker.versions(tags, need);
  }

  /** The same without Redis. */
  versionsInMemory(tags: readonly string[]): readonly TagVersion[] {
    return this.#maker.inMemory(tags);
  }

  /** The tags were changed: by this process, which deletes their records next, or by another, as was heard or read. */
  invalidate(tags: readonly string[], when: TagChangeTime = 'now'): void {
    for (const tag of tags) {
      this.known.forget(tag);
      this.changes.record(tag);
    }
    this.#options.changed({ tags: new Set(tags), when });
  }

  isCurrentInMemory(entry: string): boolean {
    const tags = tagsOf(entry);
    return tags?.every(({ tag, version }) => this.#inMemory(tag) === version) === true;
  }

  isCurrent(entry: string): boolean | Promise<boolean> {
    const tags = tagsOf(entry);
    if (tags === undefined) return false;
    const unknown: TagVersion[] = [];
    for (const each of tags) {
      const now = this.#now(each.tag);
      if (now === ASK) unknown.push(each);
      else if (now !== each.version) return false;
    }
    return unknown.length === 0 || this.#areCurrent(tags, unknown);
  }

  async #areCurrent(all: readonly TagVersion[], unknown: readonly TagVersion[]): Promise<boolean> {
    const since = this.moment();
    const found = await this.#askOnce(unknown.map(nameOf));
    if (this.changedSince(all.map(nameOf), since)) return false;
    return unknown.every(({ version }, i) => found[i] === version);
  }

  /** Asks for tags that are not being asked for already. */
  #askOnce(tags: readonly string[]): Promise<readonly (string | undefined)[]> {
    const missing = tags.filter((tag) => !this.#asking.has(tag));
    if (missing.length > 0) {
      const asked = this.#ask(missing);
      for (const tag of missing)
        this.#asking.set(
          tag,
          asked.then((found) => found.get(tag)),
        );
      void asked.then(() => {
        for (const tag of missing) this.#asking.delete(tag);
      });
    }
    return Promise.all(tags.map((tag) => this.#asking.get(tag)));
  }

  /** Another process is known to have changed this record: Redis said so. */
  toldOf(tag: string): void {
    if (this.known.get(tag) !== undefined) this.invalidate([tag]);
  }

  /** To ask for tags is to use Redis, so heartbeats do not rest as long as tags are in use. */
  refresh(): void {
    const now = this.#clock.now();
    // Each server of a cluster has heartbeats.
    if (this.#isRefreshing || now - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = now;
    const inUse = this.known.usedSince(now - IN_USE_MS, MAX_REFRESHED);
    const asked = inUse.filter((tag) => this.#readerOf(tag).look(tagKey(tag)) === 'ask');
    if (asked.length === 0) return;
    this.#isRefreshing = true;
    void this.#ask(asked, true).then(() => {
      this.#isRefreshing = false;
    });
  }

  /** Whether a known version counts now. */
  isBelieved(known: KnownTag, tag: string): boolean {
    const { generation } = this.#options.of(tagKey(tag)).shard.door;
    return known.generation === generation && this.#clock.now() - known.askedAt <= BELIEVED_MS;
  }

  /** Redis has answered. */
  learn(tag: string, facts: TagFacts, asked: AskedTags & { readonly lifeMs?: number }): void {
    const { version } = facts;
    if (this.changes.hasChanged(tag, asked.position)) return;
    const before = this.known.get(tag);
    const livesUntil = asked.lifeMs === undefined ? 0 : asked.at + asked.lifeMs;
    const { generation } = this.#options.of(tagKey(tag)).shard.door;
    if (before?.version === version && before.generation === generation) {
      before.askedAt = Math.max(before.askedAt, asked.at);
      before.livesUntil = Math.max(before.livesUntil, livesUntil);
      return;
    }
    if (before !== undefined) this.invalidate([tag], 'earlier');
    const learnedAt = this.changes.next();
    const times = { learnedAt, askedAt: asked.at, livesUntil, usedAt: this.#clock.now() };
    const { madeAt, wasRemoved } = facts;
    this.known.set(tag, { version, madeAt, wasRemoved, generation, ...times });
  }

  /** Whether one of these tags was changed after `since`. */
  changedSince(tags: readonly string[], { position }: TagMoment): boolean {
    return tags.some((tag) => this.changes.hasChanged(tag, position));
  }

  #readerOf(tag: string): ShardStore['reader'] {
    return this.#options.of(tagKey(tag)).reader;
  }

  #now(tag: string): string | undefined | typeof ASK {
    const found = this.#readerOf(tag).look(tagKey(tag));
    if (found !== 'ask') return versionIn(found);
    const known = this.known.get(tag);
    if (known === undefined) return ASK;
    known.usedAt = this.#clock.now();
    return this.isBelieved(known, tag) ? known.version : ASK;
  }

  #inMemory(tag: string): string | undefined {
    const reader = this.#readerOf(tag);
    const found = reader.look(tagKey(tag));
    return versionIn(found === 'ask' ? reader.inMemory(tagKey(tag)) : found);
  }

  /** Asks Redis. Tags without a record are not in the result. */
  async #ask(tags: readonly string[], isInBackground = false): Promise<Map<string, string>> {
    const asked = { position: this.changes.next(), at: this.#clock.now() };
    const isFew = tags.length <= MAX_SINGLE && !isInBackground;
    const answers = await (isFew ? this.#askEach(tags) : this.#askMany(tags));
    const versions = new Map<string, string>();
    for (const [i, tag] of tags.entries()) {
      const facts = answers[i] && factsOf(answers[i].entry);
      if (facts === undefined) {
        if (this.known.get(tag) !== undefined) this.invalidate([tag], 'earlier');
        continue;
      }
      versions.set(tag, facts.version);
      if (answers[i]?.tier === 'redis') this.learn(tag, facts, asked);
    }
    return versions;
  }

  #askEach(tags: readonly string[]): Promise<readonly (Found | undefined)[]> {
    return Promise.all(tags.map((tag) => this.#readerOf(tag).ask(tagKey(tag))));
  }

  async #askMany(tags: readonly string[]): Promise<readonly (Found | undefined)[]> {
    const answers: (Found | undefined)[] = new Array(tags.length);
    const byReader = new Map<ShardStore['reader'], number[]>();
    for (const [i, tag] of tags.entries()) {
      const reader = this.#readerOf(tag);
      const places = byReader.get(reader);
      if (places === undefined) byReader.set(reader, [i]);
      else places.push(i);
    }
    const asking = [...byReader].map(async ([reader, places]) => {
      const keys = places.map((i) => tagKey(tags[i] as string));
      const found = await reader.askMany(keys, laneOf(keys.length));
      for (const [i, place] of places.entries()) answers[place] = found[i];
    });
    await Promise.all(asking);
    return answers;
  }
}

const ASK: unique symbol = Symbol('ask');

const nameOf = ({ tag }: TagVersion): string => tag;

function versionIn(found: Found | undefined): string | undefined {
  return found && factsOf(found.entry)?.version;
}
