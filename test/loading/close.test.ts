import { expect } from 'chai';
import type { Clock } from '../../lib/core/time/clock.js';
import { codeOf, gate, never, outcomeOf, rejectionOf } from '../support/promises.js';
import { unhandled } from '../support/wait.js';
import { InHand } from './in-hand.js';

describe('loading: close', () => {
  it('ends loads that run, wait, or are claimed, and leaves no timer', async () => {
    const loose = unhandled();
    const cache = new InHand({ limit: 1 });
    const signals: AbortSignal[] = [];
    const loader = ({ signal }: { signal: AbortSignal }): Promise<never> => {
      signals.push(signal);
      return never();
    };
    cache.store.holdElsewhere('held');
    const leaving = new AbortController();
    const codes = [
      codeOf(cache.getOrSet('running', loader, { signal: leaving.signal })),
      codeOf(cache.getOrSet('running', never)),
      codeOf(cache.getOrSet('queued', never)),
      codeOf(cache.getOrSet('held', never)),
      codeOf(cache.getOrSetMany(['x', 'y'], never)),
    ];
    await cache.clock.advance(100);
    const claiming = gate();
    cache.store.beforeClaim = () => claiming.promise;
    codes.push(codeOf(cache.getOrSet('claimed', never)));
    await cache.clock.advance(1);
    cache.singleFlight.close();
    expect(await Promise.all(codes)).to.deep.equal(Array(6).fill('ERR_CACHE_CLOSED'));
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true]);
    expect(signals[0]?.reason).to.have.property('code', 'ERR_CACHE_CLOSED');
    claiming.open();
    await cache.clock.advance(1);
    expect(cache.clock.pending).to.equal(0);
    expect(cache.store.leased).to.deep.equal([]);
    expect(cache.singleFlight.load).to.include({ running: 0, queued: 0 });
    expect(cache.failures).to.deep.equal([]);
    expect(loose.stop()).to.deep.equal([]);
  });

  it('ends a load whose key was changed, too', async () => {
    const cache = new InHand();
    const code = codeOf(cache.getOrSet('k', never));
    await cache.clock.advance(1);
    await cache.store.remove('k');
    cache.singleFlight.close();
    expect(await code).to.equal('ERR_CACHE_CLOSED');
    await cache.clock.advance(1);
    expect(cache.clock.pending).to.equal(0);
  });

  it('ends a refresh, and a load in whose place a caller got a stale value', async () => {
    const cache = new InHand({ graceMs: 3_600_000 });
    await cache.getOrSet('k', () => 'old', { ttlMs: 100 });
    await cache.clock.advance(101);
    let signal: AbortSignal | undefined;
    const loader = (context: { signal: AbortSignal }): Promise<never> => {
      signal = context.signal;
      return never();
    };
    expect(await cache.getOrSet('k', loader, { softTimeoutMs: 0 })).to.equal('old');
    await cache.clock.advance(1);
    cache.singleFlight.close();
    expect(signal?.aborted).to.equal(true);
    await cache.clock.advance(1);
    expect(cache.clock.pending).to.equal(0);
  });

  it('lets a stale value serve in place of the load', async () => {
    const cache = new InHand({ graceMs: 3_600_000 });
    await cache.getOrSet('k', () => 'old', { ttlMs: 100 });
    await cache.clock.advance(101);
    const answer = cache.getOrSet('k', never);
    await cache.clock.advance(1);
    cache.singleFlight.close();
    expect(await answer).to.equal('old');
  });

  it('is harmless twice, and loads that begin afterwards run', async () => {
    const cache = new InHand();
    cache.singleFlight.close();
    cache.singleFlight.close();
    cache.store.isAway = true;
    expect(await cache.getOrSet('k', () => 'loaded')).to.equal('loaded');
    const failure = new Error('away');
    const failing = cache.getOrSet('l', () => Promise.reject(failure));
    expect(await rejectionOf(failing)).to.equal(failure);
    const load = gate<string>();
    const answer = cache.getOrSet('m', () => load.promise);
    expect(await outcomeOf(answer)).to.equal('pending');
    load.open('m');
    expect(await answer).to.equal('m');
  });

  it('lets the process end though a load that began afterwards does not', async () => {
    const cache = new InHand();
    const refs: unknown[] = [];
    const { setTimer } = cache.clock;
    cache.clock.setTimer = (...args: Parameters<Clock['setTimer']>) => {
      refs.push(args[2]?.ref);
      return setTimer.call(cache.clock, args[0], args[1]);
    };
    void cache.getOrSet('before', never).catch(() => {});
    await cache.clock.advance(1);
    cache.singleFlight.close();
    void cache.getOrSet('after', never);
    await cache.clock.advance(1);
    expect(refs).to.deep.equal([true, false]);
  });
});
