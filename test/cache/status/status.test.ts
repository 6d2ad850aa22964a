import { expect } from 'chai';
import type { CacheReason } from '../../../lib/api/reason.js';
import type { CacheMode } from '../../../lib/api/status.js';
import { REASONS } from '../../../lib/cache/status/reasons.js';
import { buildStatus, type StatusDetails } from '../../../lib/cache/status/status.js';
import type { StoreState } from '../../../lib/tiers/store.js';
import { NORMAL } from '../support.js';

const DETAILS: StatusDetails = {
  metrics: { hits: 1, misses: 1, sets: 0, deletes: 0, errors: 0, hitRate: 0.5 },
  redisName: 'redis://host:6379',
  since: Date.UTC(2026, 0, 1),
  nextProbeAt: undefined,
  lastError: undefined,
  lastErrorAt: undefined,
  dateOf: (at) => at,
  reasonError: undefined,
  disabledBy: undefined,
};

const AWAY: StoreState = {
  ...NORMAL,
  mode: 'degraded',
  reason: 'connection_refused',
  isConnected: false,
};

const build = (state: Partial<StoreState>, details: Partial<StatusDetails> = {}) =>
  buildStatus({ ...NORMAL, ...state }, { ...DETAILS, ...details });

describe('the status', () => {
  const MODES: readonly (readonly [CacheMode, CacheReason | undefined, string])[] = [
    ['normal', undefined, 'up'],
    ['degraded', 'timeout', 'degraded'],
    ['recovering', 'timeout', 'degraded'],
    ['database-only', 'timeout', 'down'],
    ['database-only', undefined, 'down'],
    ['database-only', 'disabled', 'degraded'],
  ];
  for (const [mode, reason, status] of MODES) {
    it(`is ${status} in mode ${mode} (${reason ?? 'no reason'})`, () => {
      expect(build({ mode, reason })).to.deep.include({ mode, status });
    });
  }

  it('shows the state of the tiers, without empty fields', () => {
    expect(build({})).to.deep.equal({
      status: 'up',
      connected: true,
      message: 'Redis (redis://host:6379) serves.',
      metrics: DETAILS.metrics,
      mode: 'normal',
      since: '2026-01-01T00:00:00.000Z',
      journal: NORMAL.journal,
      memory: NORMAL.memory,
    });
  });

  it('has the reason, the next attempt and the last error of an outage', () => {
    const at = Date.UTC(2026, 0, 2);
    const status = build(AWAY, { nextProbeAt: at, lastError: 'refused', lastErrorAt: at });
    expect(status).to.include({
      connected: false,
      reason: 'connection_refused',
      nextProbeAt: '2026-01-02T00:00:00.000Z',
      lastError: 'refused',
      lastErrorTime: '2026-01-02T00:00:00.000Z',
    });
    expect(status.message).to.equal(
      'Redis (redis://host:6379) is not used since 2026-01-01T00:00:00.000Z: the connection was refused. ' +
        'The in-memory fallback serves (3 of at most 100 entries). Check that Redis is running and listens there.',
    );
  });

  it('gives no reason in normal mode', () => {
    expect(build({ reason: 'timeout' })).to.not.have.property('reason');
  });

  it('says which tier serves while Redis refuses writes, and without memory', () => {
    const readOnly: Partial<StoreState> = { ...AWAY, reason: 'read_only', isReadOnly: true };
    expect(build(readOnly).message).to.match(/is not written to .* writes are kept in memory\./);
    expect(build({ ...readOnly, memory: null }).message).to.match(/kept in the journal\./);
    expect(build({ ...AWAY, memory: null }).message).to.match(/There is no memory tier: every req/);
  });

  it('says how many changes wait while it recovers', () => {
    const messages = [0, 1, 2].map((entries) => {
      const journal = { ...NORMAL.journal, entries };
      return build({ mode: 'recovering', reason: 'timeout', journal }).message;
    });
    expect(messages).to.deep.equal([
      'Redis is back; it is read again in a moment. Nothing to do.',
      'Redis is back; 1 write is replayed before it is read again. Nothing to do.',
      'Redis is back; 2 writes are replayed before it is read again. Nothing to do.',
    ]);
  });

  it('tells memory alone, nothing at all, and a switch apart', () => {
    const without: Partial<StoreState> = { hasRedis: false, isConnected: false };
    expect(build(without).message).to.match(/^Memory alone serves, as configured/);
    expect(build({ ...without, mode: 'database-only' }).message).to.match(/neither Redis nor mem/);
    const off = build({ ...without, mode: 'database-only' }, { disabledBy: 'enabled: false' });
    expect(off.message).to.equal(
      'The cache is switched off (enabled: false): every request goes to the database.',
    );
  });

  it('has a sentence and advice for every reason', () => {
    for (const [reason, [what, advice]] of Object.entries(REASONS)) {
      expect(what, reason).to.match(/^[^A-Z].*[^.]$/);
      expect(advice, reason).to.match(/^[A-Z].*\.$/);
    }
  });
});
