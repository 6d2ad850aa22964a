import { expect } from 'chai';
import { cacheResult } from '../../../lib/health/checker/cache-result.js';
import type { CacheSource } from '../../../lib/health/types.js';
import { cacheThatIs, degradedCache } from '../support.js';

describe('the cache in a report', () => {
  it('has no degradation in its normal mode', () => {
    const result = cacheResult(cacheThatIs());
    expect(result).to.include({ status: 'up', connected: true });
    expect(result).not.to.have.any.keys('degradation', 'lastError', 'lastErrorTime');
  });

  it('says what is going on in any other mode', () => {
    expect(cacheResult(degradedCache).degradation).to.deep.equal({
      mode: 'degraded',
      reason: 'connection_refused',
      since: '2026-01-01T00:00:00.000Z',
      fallback: { entries: 1, max: 100 },
      journal: { entries: 0, max: 10_000, overflows: 0 },
      nextProbeAt: '2026-01-01T00:00:01.000Z',
    });
    const without = cacheThatIs({ mode: 'database-only', memory: null });
    expect(cacheResult(without).degradation).to.have.property('fallback', null);
  });

  it('is the one of the middleware', () => {
    const middleware = Object.assign(() => {}, { cache: degradedCache });
    expect(cacheResult(middleware).status).to.equal('degraded');
  });

  it('is down when its status cannot be read, without secrets', () => {
    const broken: CacheSource = {
      status() {
        throw new Error('redis://:hunter2@h');
      },
    };
    expect(cacheResult(broken)).to.deep.equal({
      status: 'down',
      message: "the cache's status cannot be read: redis://***@h",
    });
    expect(cacheResult({} as CacheSource).status).to.equal('down');
  });
});
