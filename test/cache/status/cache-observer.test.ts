import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import type { LoadError, ModeChange } from '../../../lib/api/events.js';
import type { CacheOptions } from '../../../lib/cache/options.js';
import { Failure } from '../../../lib/redis/failure.js';
import type { DoorState } from '../../../lib/redis/remote.js';
import type { StoreState } from '../../../lib/tiers/store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { NORMAL, useCache } from '../support.js';

const AWAY: StoreState = { ...NORMAL, mode: 'degraded', reason: 'timeout', isConnected: false };
const RECOVERING: StoreState = { ...NORMAL, mode: 'recovering', reason: 'timeout' };
const CLOSED: DoorState = { name: 'closed' };
const OPEN: DoorState = { name: 'open', reason: 'timeout', nextAttemptAt: 5_000 };
const SETTLING: DoorState = { name: 'settling', reason: 'timeout', until: 9_000 };

function use(options: CacheOptions = {}) {
  const clock = new ManualClock();
  const bench = useCache(options, clock);
  const changes: ModeChange[] = [];
  bench.cache.on('modechange', (change) => changes.push(change));
  const enter = (door: DoorState, state: StoreState): void => {
    bench.store.state = state;
    bench.observer.doorChanged(door, CLOSED);
  };
  return { ...bench, clock, changes, enter };
}

describe('the observer of a cache: counters', () => {
  it('count each kind of event', () => {
    const { observer, metrics } = use();
    observer.looked('a', 'hit', 'redis');
    observer.looked('a', 'stale', 'memory');
    observer.looked('a', 'miss', undefined);
    observer.stored(3);
    observer.removed(2);
    expect(metrics.snapshot()).to.deep.equal({
      hits: 2,
      misses: 1,
      sets: 3,
      deletes: 2,
      errors: 0,
      hitRate: 0.67,
    });
  });

  it('have no probe of a known outage among the errors', () => {
    const { observer, metrics, cache } = use();
    const failure = new Failure('unavailable', 'timeout', new Error('late'));
    for (const kind of ['command', 'connect', 'probe', 'probe', 'decode'] as const) {
      observer.failed(kind, kind === 'decode' ? undefined : failure);
    }
    expect(metrics.failures).to.deep.equal({ command: 1, connect: 1, probe: 2, decode: 1 });
    expect(metrics.snapshot().errors).to.equal(3);
    expect(cache.status()).to.include({ lastError: 'late' });
  });

  it('show the newest error, redacted', () => {
    const { observer, cache } = use();
    const error = new Error('redis://:s3cret@host refused');
    observer.failed('probe', new Failure('unavailable', 'timeout', error));
    expect(cache.status().lastError).to.equal('redis://***@host refused');
    expect(cache.status()).to.have.property('lastErrorTime');
  });
});

describe('the observer of a cache: an outage', () => {
  it('is two lines and one event for each change of mode', async () => {
    const { clock, lines, changes, enter, store } = use();
    enter(OPEN, AWAY);
    enter({ name: 'half-open', reason: 'timeout' }, AWAY);
    enter(OPEN, AWAY);
    await clock.advance(12_000);
    enter({ name: 'recovering', reason: 'timeout' }, RECOVERING);
    enter(SETTLING, RECOVERING);
    await clock.advance(2_000);
    enter(CLOSED, NORMAL);
    expect(lines.map((line) => line.replace(/since \S+Z/, 'since then'))).to.deep.equal([
      'error: [express-cache-health] Redis (no Redis) is not used since then: it does not answer in time. The in-memory fallback serves (3 of at most 100 entries). Check the load of Redis, its host and the network.',
      'info: [express-cache-health] Redis (no Redis) serves again after 14 s.',
    ]);
    expect(changes).to.deep.equal([
      { from: 'normal', to: 'degraded', reason: 'timeout', durationMs: 0 },
      { from: 'degraded', to: 'recovering', reason: 'timeout', durationMs: 12_000 },
      { from: 'recovering', to: 'normal', durationMs: 2_000 },
    ]);
    expect(store.state.mode).to.equal('normal');
  });

  it('has the same sentence in the log and in the status', () => {
    const { lines, enter, cache } = use();
    enter(OPEN, AWAY);
    expect(lines[0]).to.equal(`error: [express-cache-health] ${cache.status().message}`);
  });

  it('says when it began and when Redis is tried next', async () => {
    const { clock, enter, cache, store } = use();
    await clock.advance(1_000);
    enter(OPEN, { ...AWAY, nextAttemptAt: clock.now() + 500 });
    await clock.advance(100);
    expect(cache.status()).to.include({
      since: new Date(clock.wallNow() - 100).toISOString(),
      nextProbeAt: new Date(clock.wallNow() + 400).toISOString(),
    });
    store.state = { ...AWAY, nextAttemptAt: clock.now() - 100 };
    expect(cache.status().nextProbeAt).to.equal(new Date(clock.wallNow()).toISOString());
  });

  it('does not begin with a close', () => {
    const { lines, changes, enter } = use();
    enter({ name: 'shut' }, { ...AWAY, reason: 'closed' });
    expect([...lines, ...changes]).to.deep.equal([]);
  });

  it('runs its listeners in the context of the package, not in that of the request that noticed it', () => {
    const { cache, enter } = use();
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    cache.on('modechange', () => seen.push(context.getStore()));
    context.run('a request', () => enter(OPEN, AWAY));
    expect(seen).to.deep.equal([undefined]);
  });
});

describe('the observer of a cache: other events', () => {
  it('tells listeners of a loader that failed', () => {
    const { observer, cache } = use();
    const events: LoadError[] = [];
    cache.on('loaderror', (event) => events.push(event));
    const event = { key: 'a', error: new Error('no'), isStaleServed: false };
    observer.loadFailed(event);
    expect(events).to.deep.equal([event]);
  });

  it('logs a journal that overflowed, and data that was lost', () => {
    const { observer, lines } = use({ journal: { max: 7 }, prefix: 'app:' });
    observer.journalOverflowed();
    observer.dataLost();
    expect(lines).to.deep.equal([
      "warn: [express-cache-health] more than 7 writes wait for Redis: every entry under the prefix 'app:' will count as gone when it is back.",
      "error: [express-cache-health] Redis (no Redis) came back without writes it had acknowledged: every entry under the prefix 'app:' counts as gone.",
    ]);
  });

  it('warns of values that are too large, once a minute', async () => {
    const { observer, lines, clock } = use({ maxValueBytes: 100 });
    observer.valueTooLarge('a', 200);
    observer.valueTooLarge('b', 300);
    await clock.advance(59_000);
    observer.valueTooLarge('c', 300);
    expect(lines).to.deep.equal([
      "warn: [express-cache-health] the value of 'a' has 200 bytes and is not stored: maxValueBytes is 100. Store less, or raise maxValueBytes.",
    ]);
    await clock.advance(1_000);
    expect(lines.slice(1)).to.deep.equal([
      "warn: [express-cache-health] the value of 'c' has 300 bytes and is not stored: maxValueBytes is 100. Store less, or raise maxValueBytes. 1 line like this one was left out since the last.",
    ]);
  });

  it('says at the start that the cache is switched off, and keeps saying so in the status', () => {
    const { lines, cache, store } = use({ enabled: false });
    expect(lines).to.deep.equal([
      'info: [express-cache-health] The cache is switched off (enabled: false): every request goes to the database.',
    ]);
    store.state = { ...NORMAL, hasRedis: false, isConnected: false, memory: null };
    expect(cache.status()).to.include({
      status: 'degraded',
      mode: 'database-only',
      reason: 'disabled',
      connected: false,
      memory: null,
    });
  });
});
