import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'tags: a version is believed for ever',
    file: 'tiers/tags/tags.js',
    find: 'this.#clock.now() - known.askedAt <= BELIEVED_MS',
    replace: 'true',
  },
  {
    title: 'tags: heartbeats ask for nothing',
    file: 'tiers/tags/tags.js',
    find: 'if (asked.length === 0)',
    replace: 'if (true)',
  },
  {
    title: 'tags: what Redis shows is not compared',
    file: 'tiers/tags/tags.js',
    find: 'else if (now !== each.version)',
    replace: 'else if (false)',
  },
  {
    title: 'tags: what Redis answers is not compared',
    file: 'tiers/tags/tags.js',
    find: 'return unknown.every(({ version }, i) => found[i] === version);',
    replace: 'return true;',
  },
  {
    title: 'tags: memory compares nothing',
    file: 'tiers/tags/tags.js',
    find: 'this.#inMemory(tag) === version) === true',
    replace: 'true) === true',
  },
  {
    title: 'tags: what was learned tells nobody',
    file: 'tiers/tags/tags.js',
    find: "if (this.known.get(tag) !== undefined) this.invalidate([tag], 'earlier'); continue;",
    replace: 'this.known.forget(tag); continue;',
  },
  {
    title: 'tags: a record that is gone counts as a change of this moment',
    file: 'tiers/tags/tags.js',
    find: "if (this.known.get(tag) !== undefined) this.invalidate([tag], 'earlier'); continue;",
    replace: "if (this.known.get(tag) !== undefined) this.invalidate([tag], 'now'); continue;",
  },
  {
    title: 'tags: each entry asks for its tags by itself',
    file: 'tiers/tags/tags.js',
    find: 'tags.filter((tag) => !this.#asking.has(tag))',
    replace: 'tags',
  },
  {
    title: 'late tags: a record that was made again counts as old',
    file: 'tiers/tags/tag-maker.js',
    find: '!facts.wasRemoved && loadMs',
    replace: 'loadMs',
  },
  {
    title: 'late tags: a tombstone lives for ever',
    file: 'tiers/tags/tag-maker.js',
    find: 'loadMs < shard.tombstoneMs - CLOCK_MARGIN_MS',
    replace: 'true',
  },
  {
    title: 'late tags: an old record counts as new',
    file: 'tiers/tags/tag-maker.js',
    find: 'return facts.madeAt / 1_000 + CLOCK_MARGIN_MS < shard.door.time.now() - loadMs;',
    replace: 'return false;',
  },
];
