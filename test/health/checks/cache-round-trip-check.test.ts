import { expect } from 'chai';
import { cacheRoundTripCheck } from '../../../lib/health/checks/cache-round-trip-check.js';

/** A cache that keeps what it is given, and counts the calls. */
class FakeCache {
  mode = 'normal';
  result = 'applied';
  readonly keys = new Set<string>();
  readonly calls: string[] = [];
  readonly #values = new Map<string, unknown>();

  async set(key: string, value: unknown, options?: object): Promise<string> {
    this.calls.push(`set ${JSON.stringify(options)}`);
    this.keys.add(key);
    this.#values.set(key, value);
    return this.result;
  }

  async get(key: string): Promise<unknown> {
    this.calls.push('get');
    return this.#values.get(key);
  }

  async delete(): Promise<string> {
    this.calls.push('delete');
    return this.result;
  }

  status(): { mode: string } {
    return { mode: this.mode };
  }
}

describe('the round trip through a cache', () => {
  const context = { name: 'x', signal: new AbortController().signal };
  let cache: FakeCache;
  let run: () => Promise<unknown>;

  beforeEach(() => {
    cache = new FakeCache();
    const { check } = cacheRoundTripCheck(cache as never);
    run = async () => check(context);
  });

  it('is up when the value is written and comes back', async () => {
    expect(await run()).to.deep.equal({ status: 'up' });
    expect(cache.calls).to.deep.equal(['set {"ttl":"10s"}', 'get']);
  });

  it('writes nothing while Redis is away: it would wait in the journal', async () => {
    for (const mode of ['degraded', 'recovering', 'database-only']) {
      cache.mode = mode;
      expect(await run()).to.deep.equal({
        status: 'degraded',
        message: `Redis is not used: the mode is ${mode}`,
      });
    }
    expect(cache.calls).to.deep.equal([]);
  });

  it('has one key, so that an unnoticed outage leaves one entry at most', async () => {
    cache.result = 'deferred';
    for (let i = 0; i < 10; i++) {
      expect(await run()).to.have.property('message', 'Redis did not take the write');
    }
    expect(cache.keys.size).to.equal(1);
    expect(cache.calls).not.to.include('delete');
  });

  it('has another key in another check, so that processes do not disturb each other', async () => {
    await run();
    await cacheRoundTripCheck(cache as never).check(context);
    expect(cache.keys.size).to.equal(2);
  });

  it('is degraded when something else comes back', async () => {
    cache.get = async () => 'of somebody else';
    expect(await run()).to.deep.equal({
      status: 'degraded',
      message: 'what was written did not come back',
    });
  });

  it('takes the middleware for its cache, and needs one', () => {
    const middleware = Object.assign(() => {}, { cache });
    expect(cacheRoundTripCheck(middleware as never).critical).to.equal(false);
    for (const wrong of [undefined, {}, { cache: {} }, () => {}]) {
      expect(() => cacheRoundTripCheck(wrong as never)).to.throw(/must be a cache, or/);
    }
  });
});
