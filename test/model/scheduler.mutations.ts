import type { Mutation } from '../support/mutation.js';

/** Each takes one repair of the order of changes, or of the recovery, away. */
export const mutations: readonly Mutation[] = [
  {
    title: 'a change is as old as its sending',
    file: 'tiers/changes/writer.js',
    find: 'const stamp = this.#aboveLost(change);',
    replace: 'const stamp = change.isReplay ? change.stamp : shard.door.time.stamp();',
  },
  {
    title: 'a change meets something newer, and replaces it',
    file: 'testing/scripted-redis/scripts/write.js',
    find: 'function isNewer(slot, item, now) {',
    replace: 'function isNewer(slot, item, now) { return false;',
  },
  {
    title: 'a write may run whenever it arrives',
    file: 'redis/commands/batches/sending-times.js',
    find: 'const deadline = latest +',
    replace: 'const deadline = 1e9 + latest +',
  },
  {
    title: 'a lost change is not journaled',
    file: 'tiers/changes/writer.js',
    find: "this.#shard.defer(key, 'change', stamp); if",
    replace: 'if',
  },
  {
    title: 'an unanswered change does not answer its readers',
    file: 'tiers/reader.js',
    find: 'if (isPending && !change.isReplay)',
    replace: 'if (false)',
  },
  {
    title: 'a change does not end the load of its key',
    file: 'loading/single-flight.js',
    find: 'this.#flights.invalidate(change);',
    replace: '',
  },
  {
    title: 'a loaded value is as old as its end',
    file: 'tiers/leases/claims.js',
    find: '{ low: lease.at });',
    replace: '{ low: door.time.stamp().low });',
  },
  {
    title: 'clear() is no barrier',
    file: 'tiers/changes/barriers.js',
    find: 'this.#open.add(answer);',
    replace: '',
  },
  {
    title: 'a cleared pattern does not filter what Redis shows',
    file: 'tiers/reader.js',
    find: 'if (version <= ledger.clearedUpTo(key)) return this.#absent(key, read);',
    replace: '',
  },
  {
    title: 'a cleared pattern takes what was set after it, too',
    file: 'tiers/reader.js',
    find: 'if (version <= ledger.clearedUpTo(key))',
    replace: 'if (ledger.clearedUpTo(key) > 0)',
  },
  {
    title: 'a reign is read at once',
    file: 'redis/door/judgement/settling.js',
    find: 'if (openedAt === 0 || wasNormal) return 0;',
    replace: 'if (openedAt >= 0) return 0;',
  },
  {
    title: 'who was normal in any life needs no settling',
    file: 'redis/door/judgement/data-identity.js',
    find: 'return this.#normalIn === life;',
    replace: 'return this.#normalIn !== undefined;',
  },
  {
    title: 'what has no fence yet counts as kept',
    file: 'redis/lineage.js',
    find: 'if (label.count === 0) return false;',
    replace: 'if (label.count === 0) return true;',
  },
  {
    title: 'another life of the server under a living connection is not noticed',
    file: 'redis/door/judgement/data-judge.js',
    find: 'if (life !== server.life) {',
    replace: 'if (false) {',
  },
  {
    title: 'an own acknowledged change does not guard what Redis shows',
    file: 'tiers/reader.js',
    find: 'if (own !== undefined && (0, acknowledged_js_1.mayBeOlder)(version, own)) {',
    replace: 'if (false) {',
  },
  {
    title: 'an older generation is taken over',
    file: 'redis/door/judgement/data-identity.js',
    find: 'const isOlderGeneration = serial < this.#serial;',
    replace: 'const isOlderGeneration = false;',
  },
  {
    title: 'a joiner does not run its own loader',
    file: 'loading/single-flight.js',
    find: "outcome.kind === 'elsewhere' || group.loader !== source.loader",
    replace: "outcome.kind === 'elsewhere'",
  },
  {
    title: 'a loader that asks for its own key waits for itself',
    file: 'loading/single-flight.js',
    find: '(0, cycle_js_1.refuseCycle)(seats, begun);',
    replace: '',
  },
  {
    title: 'a set of unknown outcome stays in memory as long as any',
    file: 'tiers/changes/writer.js',
    find: 'tools.standby.limit(key, tools.config.outageTtlMs);',
    replace: '',
  },
  {
    title: 'memory of before an outage serves in the next one',
    file: 'tiers/shard-store.js',
    find: 'standby.suspect({ matches: this.#isOurs });',
    replace: '',
  },
  {
    title: 'histories with tags: what Redis shows is not compared',
    file: 'tiers/tags/tags.js',
    find: 'else if (now !== each.version)',
    replace: 'else if (false)',
  },
  {
    title: 'histories with tags: memory compares nothing',
    file: 'tiers/tags/tags.js',
    find: 'this.#inMemory(tag) === version) === true',
    replace: 'true) === true',
  },
  {
    title: 'histories with tags: an invalidation does not reach the records',
    file: 'tiers/tiered-store.js',
    find: 'return this.#change(tags.map((tag) => [(0, entry_tags_js_1.tagKey)(tag), undefined]));',
    replace: "return Promise.resolve('applied');",
  },
];
