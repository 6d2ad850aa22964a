import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import * as driver from '@redis/client/dist/lib/client/tracing.js';
import { expect } from 'chai';
import type { Cache } from '../../lib/index.js';
import { isDegraded, isUp, Stand } from './stand.js';

/** What the driver tells tracers before it sends a command. */
const CHANNEL = 'tracing:node-redis:command:start';

const MARKER = 'card-4111-1111-1111-1111';
/** Enough of it to be no time and no port by chance. */
const PART = '4111-1111';

describe('integration: tracers', () => {
  const requests = new AsyncLocalStorage<string>();
  let stand: Stand;
  let commands: { readonly args: readonly unknown[]; readonly request: string | undefined }[];
  const listen = (message: unknown): void => {
    const { args } = message as { readonly args: readonly unknown[] };
    commands.push({ args: [...args], request: requests.getStore() });
  };
  before(async () => {
    stand = await Stand.start();
  });
  beforeEach(() => {
    commands = [];
    subscribe(CHANNEL, listen);
  });
  afterEach(async () => {
    unsubscribe(CHANNEL, listen);
    await stand.closeCaches();
  });
  after(() => stand.stop());

  /** Each request has a context of its own, and nobody waits for it. */
  async function requestsUntil(cache: Cache, isEnough: Promise<unknown>): Promise<void> {
    let isOver = false;
    void isEnough.then(() => {
      isOver = true;
    });
    const pending = [];
    for (let i = 0; !isOver; i++) {
      const request = async (): Promise<unknown> => {
        await cache.set(`set:${i % 10}`, i);
        return cache.getOrSet(`loaded:${i}`, () => i);
      };
      pending.push(requests.run(`request ${i}`, request));
      await wait(7);
    }
    await Promise.all(pending);
  }

  it('no command after a recovery belongs to a request, nor does a change of mode', async () => {
    const cache = await stand.cache({ commandTimeout: 100 });
    const listeners = new Set<string | undefined>();
    requests.run('a listener', () => {
      cache.on('modechange', () => listeners.add(requests.getStore()));
    });
    stand.redis.hang();
    await requestsUntil(cache, isDegraded(cache));
    stand.redis.thaw();
    await requestsUntil(cache, isUp(cache));
    await wait(100); // What the last request left behind has been sent.
    commands.length = 0;
    await wait(1_200);
    const callers = new Set(commands.map(({ request }) => request));
    expect([...callers]).to.deep.equal([undefined]);
    expect([...listeners]).to.deep.equal([undefined]);
    expect(commands.length).to.be.within(4, 30);
  });

  it('no command of a cache that was made within a request belongs to that request', async () => {
    const cache = requests.run('the first', () => stand.open());
    await isUp(cache);
    await wait(700);
    expect([...new Set(commands.map(({ request }) => request))]).to.deep.equal([undefined]);
    expect(commands.map(({ args }) => args[0])).to.include.members(['INFO', 'HMGET']);
  });

  it('loaders and callers keep their own context', async () => {
    const cache = await stand.cache();
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        requests.run(name, async () => {
          const loader = await cache.getOrSet(name, async () => {
            await wait(5);
            return requests.getStore();
          });
          await cache.get(name);
          return [loader, requests.getStore()];
        }),
      ),
    );
    expect(seen).to.deep.equal([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
  });

  it('no message of any channel of the driver shows a value that is sent', async () => {
    const messages: string[] = [];
    const note = (message: unknown): void => {
      // What the driver adds at the end of a read is its reply: SECURITY.md says so.
      const { result: _, ...shown } = message as Record<string, unknown>;
      messages.push(inspect(shown, { depth: 9, maxArrayLength: null, maxStringLength: null }));
    };
    const names = channelsOfTheDriver();
    for (const name of names) subscribe(name, note);
    try {
      await sendValues();
    } finally {
      for (const name of names) unsubscribe(name, note);
    }
    expect(messages.filter((message) => message.includes(PART))).to.deep.equal([]);
    expect(messages.join(' ')).to.include('many:99');
  });

  it('no argument of a command shows a value', async () => {
    await sendValues();
    const shown = commands.filter(({ args }) => args.some((arg) => String(arg).includes(PART)));
    expect(shown).to.deep.equal([]);
    expect(commands.flatMap(({ args }) => args).join(' ')).to.include('many:99');
  });

  /** Sends a value in every way there is, through a hang and a change that is replayed as well. */
  async function sendValues(): Promise<void> {
    const cache = await stand.cache();
    const other = await stand.cache({ prefix: 'other:' });
    const large = MARKER + 'x'.repeat(100_000);
    await Promise.all([cache.set('a', MARKER), cache.set('b', { card: MARKER })]);
    await cache.setMany(Array.from({ length: 100 }, (_, i) => [`many:${i}`, MARKER]));
    await cache.set('large', large);
    await cache.getOrSet('loaded', () => MARKER, { grace: '1m' });
    await other.getOrSetMany(['x', 'y'], (keys) => new Map(keys.map((key) => [key, MARKER])));
    expect(await cache.get('large')).to.equal(large);
    expect(await other.get('x')).to.equal(MARKER);
    stand.redis.hang();
    const sent = cache.set('hung', MARKER);
    await isDegraded(cache);
    stand.redis.thaw();
    await sent;
    await isUp(cache);
  }
});

/** Every channel that the driver names, with each phase of those that have phases. */
function channelsOfTheDriver(): string[] {
  const { CHANNELS } = driver as { CHANNELS: Readonly<Record<string, string>> };
  const phases = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
  const names = Object.entries(CHANNELS).flatMap(([kind, name]) =>
    kind.startsWith('TRACE_') ? phases.map((phase) => `tracing:${name}:${phase}`) : [name],
  );
  expect(names).to.include(CHANNEL);
  return names;
}
