import { expect } from 'chai';
import { entryText } from '../../lib/entry/entry.js';
import { MemoryTier } from '../../lib/memory/memory-tier.js';
import { MemoryStandby, NO_STANDBY } from '../../lib/tiers/standby.js';
import { ManualClock } from '../support/manual-clock.js';
import { payloadOf } from '../support/tier-fixture.js';

const EVERY = (): boolean => true;

function build() {
  const clock = new ManualClock();
  const standby: MemoryStandby = new MemoryStandby(
    new MemoryTier({ max: 3, maxBytes: 10_000 }, (key) => standby.evicted(key)),
    clock,
  );
  const moment = () => ({ generation: 'gen000', nowMs: clock.now() });
  const entry = (payload: string, ttlMs = 60_000, graceMs = 0): string =>
    entryText({
      generation: 'gen000',
      fingerprint: 'fingerpr',
      version: clock.now() * 1_000,
      ttlMs,
      graceMs,
      loadMs: 0,
      payload,
    });
  const get = (key: string) => payloadOf(standby.get(key, moment()));
  return { clock, standby, moment, entry, get };
}

describe('MemoryStandby', () => {
  it('gives an entry of its generation until it expires', () => {
    const { clock, standby, moment, entry, get } = build();
    standby.keep('a', entry('one', 100, 100));
    expect(standby.get('a', moment())).to.include({ tier: 'memory', isStale: false });
    expect(standby.get('a', { ...moment(), generation: 'gen001' })).to.equal(undefined);
    expect(get('a'), 'it is gone for good').to.equal(undefined);
    standby.keep('a', entry('one', 100, 100));
    clock.jump(100);
    expect(standby.get('a', moment())).to.include({ isStale: true });
    clock.jump(100);
    expect(get('a')).to.equal(undefined);
    expect(standby.state).to.deep.equal({ entries: 0, max: 3, bytes: 0, maxBytes: 10_000 });
  });

  it('ends a value made in an outage by local time, whatever the server time says', () => {
    const { clock, standby, entry } = build();
    standby.keep('a', entry('one'), { outageTtlMs: 1_000 });
    const stopped = { generation: 'gen000', nowMs: clock.now() };
    clock.jump(999);
    expect(standby.get('a', stopped)).to.not.equal(undefined);
    clock.jump(1);
    expect(standby.get('a', stopped)).to.equal(undefined);
  });

  it('shortens an entry, never lengthens it, and lets Redis confirm it', () => {
    const { clock, standby, entry, get } = build();
    const text = entry('one');
    standby.keep('a', text);
    standby.limit('a', 1_000);
    standby.limit('a', 9_000);
    standby.limit('none', 1);
    clock.jump(500);
    standby.keep('b', text);
    standby.limit('b', 500);
    standby.keep('b', text, { seenAt: clock.now() });
    clock.jump(500);
    expect([get('a'), get('b')]).to.deep.equal([undefined, 'one']);
  });

  it('knows which values Redis itself showed within the last second', () => {
    const { clock, standby, moment, entry } = build();
    standby.keep('made', entry('one'));
    standby.keep('seen', entry('one'), { seenAt: clock.now() });
    standby.keep('stale', entry('one', 1, 5_000), { seenAt: clock.now() });
    clock.jump(1_000);
    expect(
      ['made', 'seen', 'stale', 'none'].map((key) => standby.isRecent(key, moment())),
    ).to.deep.equal([false, true, false, false]);
    clock.jump(1);
    expect(standby.isRecent('seen', moment())).to.equal(false);
  });

  it('gives nothing that is suspect until it was seen or made again', () => {
    const { standby, entry, get } = build();
    for (const key of ['a', 'b', 'c']) standby.keep(key, entry(key));
    standby.suspect({ matches: (key) => key !== 'c' });
    standby.keep('b', entry('again'));
    expect(['a', 'b', 'c'].map(get)).to.deep.equal([undefined, 'again', 'c']);
    standby.suspect({ matches: EVERY });
    standby.delete('b');
    standby.evicted('c');
    standby.keep('b', entry('new'));
    expect(get('b')).to.equal('new');
  });

  it('can suspect only values that Redis showed since a moment', () => {
    const { clock, standby, entry, get } = build();
    standby.keep('made', entry('made'));
    standby.keep('before', entry('before'), { seenAt: clock.now() });
    clock.jump(5);
    standby.keep('after', entry('after'), { seenAt: clock.now() + 0.25 });
    standby.suspect({ matches: EVERY, seenSince: clock.now() + 0.125 });
    expect(['made', 'before', 'after'].map(get)).to.deep.equal(['made', 'before', undefined]);
  });

  it('deletes matching keys', () => {
    const { standby, entry, get } = build();
    for (const key of ['a', 'b']) standby.keep(key, entry(key));
    standby.deleteMatching((key) => key === 'a');
    expect(['a', 'b'].map(get)).to.deep.equal([undefined, 'b']);
  });
});

describe('NO_STANDBY', () => {
  it('holds nothing', () => {
    const moment = { generation: '', nowMs: 0 };
    NO_STANDBY.keep('a', 'x');
    NO_STANDBY.limit('a', 1);
    NO_STANDBY.suspect({ matches: EVERY });
    NO_STANDBY.delete('a');
    NO_STANDBY.deleteMatching(EVERY);
    NO_STANDBY.evicted('a');
    expect(NO_STANDBY.get('a', moment)).to.equal(undefined);
    expect(NO_STANDBY.isRecent('a', moment)).to.equal(false);
    expect(NO_STANDBY.state).to.equal(null);
  });
});
