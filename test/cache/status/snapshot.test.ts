import { expect } from 'chai';
import type { DoorState } from '../../../lib/redis/remote.js';
import { ManualClock } from '../../support/manual-clock.js';
import { NORMAL, useCache } from '../support.js';

const OPEN: DoorState = { name: 'open', reason: 'timeout', nextAttemptAt: 5_000 };
const CLOSED: DoorState = { name: 'closed' };

describe('the snapshot of a cache', () => {
  it('begins with zeros for everything that can happen', () => {
    const { cache } = useCache({ name: 'sessions' }, new ManualClock());
    const snapshot = cache.metrics();
    expect(snapshot.name).to.equal('sessions');
    expect(snapshot.lookups).to.deep.equal({
      near: { hit: 0 },
      redis: { hit: 0, stale: 0 },
      memory: { hit: 0, stale: 0 },
      miss: 0,
    });
    expect(snapshot.modeChanges).to.have.length(12);
    const { ok, skipped, error, timeout, refused, abandoned } = snapshot.loads.results;
    expect([ok, skipped, error, timeout, refused, abandoned]).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect(snapshot.modeSeconds).to.deep.equal({
      normal: 0,
      degraded: 0,
      recovering: 0,
      'database-only': 0,
    });
  });

  it('counts lookups by tier and by what was found', () => {
    const { cache, observer } = useCache();
    observer.looked('a', 'hit', 'redis');
    observer.looked('a', 'hit', 'near');
    observer.looked('a', 'stale', 'redis');
    observer.looked('a', 'hit', 'memory');
    observer.looked('a', 'hit', 'memory');
    observer.looked('a', 'stale', 'memory');
    observer.looked('a', 'miss', undefined);
    const { lookups } = cache.metrics();
    expect(lookups).to.deep.equal({
      near: { hit: 1 },
      redis: { hit: 1, stale: 1 },
      memory: { hit: 2, stale: 1 },
      miss: 1,
    });
    expect(cache.status().metrics).to.include({ hits: 6, misses: 1 });
  });

  it('counts every other event where it belongs', () => {
    const { cache, observer } = useCache();
    observer.stored(3);
    observer.removed(2);
    for (const kind of ['command', 'connect', 'decode', 'probe'] as const) {
      observer.failed(kind, undefined);
    }
    observer.attempted(true);
    observer.attempted(false);
    observer.replayed(4);
    observer.coalesced('flight', 5);
    observer.coalesced('lease', 6);
    const { sets, deletes, errors, attempts, coalesced, journal } = cache.metrics();
    expect([sets, deletes]).to.deep.equal([3, 2]);
    expect(errors).to.deep.equal({ command: 1, connect: 1, decode: 1 });
    expect(attempts).to.deep.equal({ ok: 1, error: 1 });
    expect(journal.replayed).to.equal(4);
    expect(coalesced).to.deep.equal({ flight: 5, lease: 6 });
  });

  it('counts evictions by the limit that was reached', () => {
    const { cache, observer, store } = useCache();
    store.state = { ...NORMAL, memory: { entries: 1, max: 2, bytes: 3, maxBytes: 4 } };
    observer.evicted('entries');
    observer.evicted('entries');
    observer.evicted('bytes');
    expect(cache.metrics().memory).to.deep.equal({
      ...{ entries: 1, max: 2, bytes: 3, maxBytes: 4 },
      evictions: { entries: 2, bytes: 1 },
    });
    store.state = { ...NORMAL, memory: null };
    expect(cache.metrics().memory).to.equal(null);
  });

  it('times the loads that ran, and no others', () => {
    const { cache, observer } = useCache();
    observer.loaded('ok', 30);
    observer.loaded('timeout', 60_000);
    observer.loaded('refused', undefined);
    const { results, seconds, inFlight, queued, limit } = cache.metrics().loads;
    expect(results).to.include({ ok: 1, timeout: 1, refused: 1 });
    expect(seconds.counts.reduce((sum, count) => sum + count)).to.equal(2);
    expect(seconds.sum).to.be.closeTo(60.03, 1e-9);
    expect([inFlight, queued, limit]).to.deep.equal([2, 1, Number.POSITIVE_INFINITY]);
  });

  it('counts changes of mode and the seconds spent in each', async () => {
    const clock = new ManualClock();
    const { cache, observer, store } = useCache({}, clock);
    await clock.advance(3_000);
    store.state = { ...NORMAL, mode: 'degraded', reason: 'timeout', isConnected: false };
    observer.doorChanged(OPEN, CLOSED);
    await clock.advance(2_000);
    const away = cache.metrics();
    expect(away).to.include({ status: 'degraded', mode: 'degraded', reason: 'timeout' });
    expect(away.modeSeconds).to.include({ normal: 3, degraded: 2 });
    store.state = NORMAL;
    observer.doorChanged(CLOSED, OPEN);
    const { modeChanges, ...back } = cache.metrics();
    const happened = modeChanges.filter(({ count }) => count > 0);
    expect(happened).to.deep.equal([
      { from: 'normal', to: 'degraded', count: 1 },
      { from: 'degraded', to: 'normal', count: 1 },
    ]);
    expect(back).to.not.have.property('reason');
    expect(back.modeSeconds).to.include({ normal: 3, degraded: 2 });
  });

  it('is plain data that later events do not change', () => {
    const { cache, observer } = useCache();
    const before = cache.metrics();
    const text = JSON.stringify(before);
    observer.looked('a', 'hit', 'redis');
    observer.loaded('ok', 5);
    observer.coalesced('flight', 1);
    expect(JSON.stringify(before)).to.equal(text);
    expect(() => structuredClone(before)).to.not.throw();
  });
});
