import { expect } from 'chai';
import { isDueEarly, jitteredTtl } from '../../lib/loading/early-refresh.js';
import { LoadBackoff } from '../../lib/loading/load-backoff.js';

describe('loading: early refresh', () => {
  const value = { leftMs: 1_000, loadMs: 100, beta: 1 };

  it('is due when the value has expired, whatever the chance', () => {
    expect(isDueEarly({ ...value, leftMs: 0 }, 1)).to.equal(true);
    expect(isDueEarly({ ...value, leftMs: -1 }, 1)).to.equal(true);
    expect(isDueEarly({ ...value, leftMs: 1 }, 1)).to.equal(false);
  });

  it('gets more likely as the end comes closer, and with a slower load and a greater beta', () => {
    const due = (given: Partial<typeof value>): number =>
      Array.from({ length: 1_000 }, (_, i) => (i + 1) / 1_000).filter((random) =>
        isDueEarly({ ...value, ...given }, random),
      ).length;
    // exp(-left / (load × beta)) of all readers.
    expect(due({ leftMs: 100 })).to.equal(367);
    expect(due({ leftMs: 50 })).to.equal(606);
    expect(due({ leftMs: 100, loadMs: 200 })).to.equal(606);
    expect(due({ leftMs: 100, beta: 2 })).to.equal(606);
    expect(due({ leftMs: 100, loadMs: 0 })).to.equal(0);
  });

  it('shortens a ttl by a share, and never to nothing', () => {
    expect(jitteredTtl(1_000, 0.1, 0)).to.equal(1_000);
    expect(jitteredTtl(1_000, 0.1, 0.5)).to.equal(950);
    expect(jitteredTtl(1_000, 0, 0.5)).to.equal(1_000);
    expect(jitteredTtl(1, 0.1, 1)).to.equal(1);
  });
});

describe('loading: load back-off', () => {
  it('waits 1 s after a failure, twice as long after each further one, 30 s at most', () => {
    const backoff = new LoadBackoff();
    for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      backoff.failed('k', 5_000);
      expect(backoff.mustWait('k', 5_000 + pause - 1), `${pause}`).to.equal(true);
      expect(backoff.mustWait('k', 5_000 + pause), `${pause}`).to.equal(false);
    }
  });

  it('forgets a key that was loaded or changed, and its failures', () => {
    const backoff = new LoadBackoff();
    for (const key of ['a:1', 'a:2', 'b:1']) for (let i = 0; i < 3; i++) backoff.failed(key, 0);
    backoff.reset('b:1');
    backoff.reset('unknown');
    backoff.changed({ matches: (key) => key === 'a:1' });
    expect(['a:1', 'a:2', 'b:1'].map((key) => backoff.mustWait(key, 100))).to.deep.equal([
      false,
      true,
      false,
    ]);
    backoff.failed('b:1', 0);
    expect(backoff.mustWait('b:1', 1_000)).to.equal(false);
  });

  it('remembers 1 000 keys: the oldest is tried early', () => {
    const backoff = new LoadBackoff();
    for (let i = 0; i < 1_001; i++) backoff.failed(`k${i}`, 0);
    expect(backoff.mustWait('k0', 1)).to.equal(false);
    expect(backoff.mustWait('k1', 1)).to.equal(true);
    backoff.failed('k1', 0);
    backoff.failed('new', 0);
    expect(backoff.mustWait('k1', 1)).to.equal(true);
    expect(backoff.mustWait('k2', 1)).to.equal(false);
  });
});
