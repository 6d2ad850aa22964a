/*
 * A million entries with tags, on a real server and on a real cluster of six nodes, read by two processes: what a removed and an
 * evicted tag leave behind. Prints counts; ends with code 1 if one is wrong.
 *
 *     npm run test:tags               a million: two to five minutes
 *     npm run test:tags -- 50000      as many
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CacheHandle } from '../../../lib/cache/cache.js';
import { createCache } from '../../../lib/cache/create-cache.js';
import { slotOfKey } from '../../../lib/redis/cluster/key-slot.js';
import { Cluster } from '../../support/many/cluster.js';
import { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/wait.js';
import { sharedNow } from '../near/member.js';
import { ALL, GROUPS, groupTag, keyOf, readSome, type Seen } from './entries.js';
import type { Order, Watched } from './member.js';

const READS = 20_000;
const PER_CALL = 5_000;

/** docs/tags.md: others see it within this time while Redis answers. */
const BOUND_MS = 1_000;

/** Heartbeats run scripts, too. Of so many tries one falls between them. */
const TRIES = 20;

interface Place {
  readonly name: string;
  readonly url: string;
  readonly masters: readonly RedisServer[];
  /** The server with the record of a tag. */
  ownerOf(tag: string): RedisServer;
  /** How many commands these records need: a cluster takes no command for keys of several slots. */
  commandsFor(tags: readonly string[]): number;
}

const recordOf = (tag: string): string => `cache:__ech:tag:${tag}`;

let wrong = 0;
function expectThat(what: string, isSo: boolean): void {
  console.log(`${isSo ? '✔' : '✘'} ${what}`);
  if (!isSo) wrong++;
}

async function opened(url: string): Promise<CacheHandle> {
  const cache = createCache({ redis: url, logger: false, commandTimeout: '5s' });
  await until(() => cache.status().mode === 'normal', 'Redis serves', 30_000);
  return cache;
}

async function fill(cache: CacheHandle, count: number): Promise<void> {
  for (let group = 0; group < GROUPS; group++) {
    const tags = [ALL, groupTag(group)];
    for (let from = group; from < count; from += GROUPS * PER_CALL) {
      const entries: [string, number][] = [];
      for (let i = from; i < count && entries.length < PER_CALL; i += GROUPS)
        entries.push([keyOf(i), i]);
      const result = await cache.setMany(entries, { ttl: '1h', tags });
      if (result !== 'applied') throw new Error(`setMany was ${result}`);
    }
  }
}

/** The other process. */
class Other {
  readonly #child: ChildProcess;

  constructor(url: string, count: number) {
    this.#child = fork(join(__dirname, 'member.js'), [url, `${count}`]);
  }

  async isReady(): Promise<void> {
    await once(this.#child, 'message');
  }

  async ask<T extends Seen = Seen>(order: Order): Promise<T> {
    const answer = once(this.#child, 'message') as Promise<[T]>;
    this.#child.send(order);
    return (await answer)[0];
  }

  async stop(): Promise<void> {
    this.#child.disconnect();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

async function scriptsRun({ masters }: Place): Promise<number> {
  const infos = await Promise.all(masters.map((each) => each.command('INFO', 'commandstats')));
  const calls = infos.map((info) => /cmdstat_evalsha:calls=(\d+)/.exec(String(info))?.[1]);
  return calls.reduce((sum, each) => sum + Number(each ?? 0), 0);
}

/** The fewest scripts that ran while these tags were invalidated. */
async function commandsRun(
  place: Place,
  cache: CacheHandle,
  tags: readonly string[],
): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    for (const tag of tags) await cache.set(`probe:${tag}`, 1, { tags: [tag] });
    const before = await scriptsRun(place);
    const result = await cache.invalidateTags(tags);
    if (result === 'applied') fewest = Math.min(fewest, (await scriptsRun(place)) - before);
  }
  return fewest;
}

/** Redis has dropped the record of one group: nothing of that group is given any more, and nothing brings it back. */
async function evicted(
  place: Place,
  who: { a: CacheHandle; b: Other },
  count: number,
): Promise<void> {
  const { a, b } = who;
  const what = { count, reads: READS, group: 0 };
  const before = [await readSome(a, what), await b.ask({ name: 'read', ...what })];
  expectThat(
    `before: both processes are given all of ${READS} entries of the group`,
    before.every(({ reads, hits }) => reads === hits),
  );
  await place.ownerOf(groupTag(0)).command('DEL', recordOf(groupTag(0)));
  await pause(BOUND_MS);
  for (const step of ['evicted', 'made again for a new entry'] as const) {
    if (step !== 'evicted') await a.set('new', 1, { tags: [groupTag(0)] });
    const fresh = await opened(place.url);
    const seen = [await readSome(a, what), await b.ask({ name: 'read', ...what })];
    seen.push(await readSome(fresh, what));
    await fresh.close();
    const old = seen.map(({ hits }) => hits);
    expectThat(
      `record ${step}: old values in ${READS} reads of two processes and of a new cache: ${old.join(', ')}`,
      old.every((hits) => hits === 0),
    );
  }
  const rest = await readSome(a, { count, reads: READS, group: 1 });
  expectThat('the other groups are as before', rest.hits === rest.reads);
}

/** One call removes all entries, for its caller at once and for the other process within the bound. */
async function removed(
  place: Place,
  who: { a: CacheHandle; b: Other },
  count: number,
): Promise<void> {
  const { a, b } = who;
  await b.ask({ name: 'watch' });
  await pause(BOUND_MS);
  const result = await a.invalidateTags([ALL]);
  const at = sharedNow();
  const own = await readSome(a, { count, reads: READS });
  expectThat(`invalidateTags of ${count} entries is ${result}`, result === 'applied');
  expectThat(`old values in ${READS} reads of the caller: ${own.hits}`, own.hits === 0);
  await pause(3 * BOUND_MS);
  const seen = await b.ask<Watched>({ name: 'seen', since: at + BOUND_MS });
  const lastMs = Math.max(0, seen.lastHitAt - at).toFixed(0);
  expectThat(
    `old values in ${seen.reads} reads of the other process later than ${BOUND_MS} ms: ${seen.hits} (the last one after ${lastMs} ms)`,
    seen.hits === 0 && seen.reads > 0,
  );
  const fresh = await opened(place.url);
  const late = await readSome(fresh, { count, reads: READS });
  await fresh.close();
  expectThat(`old values in ${READS} reads of a new cache: ${late.hits}`, late.hits === 0);
}

async function measure(place: Place, count: number): Promise<void> {
  console.log(`\n${place.name}`);
  const [a, b] = [await opened(place.url), new Other(place.url, count)];
  await b.isReady();
  const began = performance.now();
  await fill(a, count);
  const sizes = await Promise.all(place.masters.map((each) => each.command('DBSIZE')));
  const stored = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  expectThat(`${count} entries with two tags each were set in ${seconds} s`, stored >= count);
  await evicted(place, { a, b }, count);
  const owners = new Map<RedisServer, string>();
  for (let i = 0; owners.size < place.masters.length; i++)
    owners.set(place.ownerOf(`t${i}`), `t${i}`);
  for (const tags of [['one'], [...owners.values(), 'and', 'some', 'more']]) {
    const commands = await commandsRun(place, a, tags);
    expectThat(
      `invalidateTags of ${tags.length} tags: ${commands} command(s), sent at once`,
      commands === place.commandsFor(tags),
    );
  }
  await removed(place, { a, b }, count);
  await a.close();
  await b.stop();
}

async function main([given = '1000000']: readonly string[]): Promise<void> {
  const count = Math.max(GROUPS, Math.floor(Number(given) / GROUPS) * GROUPS);
  const args = ['--save', ''];
  const server = await RedisServer.start({ args });
  try {
    const place = {
      url: server.url,
      masters: [server],
      ownerOf: () => server,
      commandsFor: () => 1,
    };
    await measure({ name: 'One server', ...place }, count);
  } finally {
    await server.stop();
  }
  const cluster = await Cluster.start({ args, nodeTimeoutMs: 15_000 });
  try {
    const { masters, url } = cluster;
    const ownerOf = (tag: string): RedisServer => {
      const slot = slotOfKey(recordOf(tag));
      const share = masters.findIndex((_, i) => slot <= cluster.rangeOf(i)[1]);
      return masters[share] as RedisServer;
    };
    const commandsFor = (tags: readonly string[]): number =>
      new Set(tags.map((tag) => slotOfKey(recordOf(tag)))).size;
    const name = 'A cluster: three servers, three replicas';
    await measure({ name, url, masters, ownerOf, commandsFor }, count);
  } finally {
    await cluster.stop();
  }
  process.exitCode = wrong > 0 ? 1 : 0;
}

void main(process.argv.slice(2));
