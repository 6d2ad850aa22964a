import { expect } from 'chai';
import { encodeValue } from '../../lib/entry/codec.js';
import type { Flight, FlightOutcome, LoaderRun } from '../../lib/loading/flight/flight.js';
import { FlightTable } from '../../lib/loading/flight/flight-table.js';
import { SharedValue } from '../../lib/loading/flight/shared-value.js';

describe('loading: a flight', () => {
  const begin = (table: FlightTable, ...keys: string[]): Flight[] => {
    const group = table.newGroup(
      { loader: undefined, config: { tags: [] } },
      { since: { position: 0, at: 0 } },
    );
    return keys.map((key) => table.begin(key, group, undefined));
  };

  const value = (text: string): FlightOutcome => ({
    kind: 'value',
    value: SharedValue.loaded(encodeValue(text)),
  });

  it('ends once, and tells each listener once', () => {
    const [flight] = begin(new FlightTable(), 'k');
    const heard: string[] = [];
    const listeners = [1, 2, 3].map((n) => ({
      flightEnded: ({ kind }: FlightOutcome) => heard.push(`${n} ${kind}`),
    }));
    for (const listener of listeners) flight?.listen(listener);
    flight?.unlisten(listeners[0] as (typeof listeners)[0]);
    flight?.unlisten(listeners[1] as (typeof listeners)[0]);
    flight?.end(value('a'));
    flight?.end({ kind: 'failed', error: new Error('later') });
    expect(heard).to.deep.equal(['3 value']);
    expect(flight?.outcome?.kind).to.equal('value');
  });

  it('may be joined while it runs, and not when it is void or over', () => {
    const table = new FlightTable();
    const [a, b, c] = begin(table, 'a', 'b:1', 'c');
    expect(['a', 'b:1', 'c'].map((key) => table.find(key))).to.deep.equal([a, b, c]);
    table.invalidate({ key: 'a' });
    table.invalidate({ matches: (key) => key.startsWith('b:') });
    c?.end(value('c'));
    expect(['a', 'b:1', 'c'].map((key) => table.find(key))).to.deep.equal(Array(3).fill(undefined));
    expect([a, b, c].map((flight) => flight?.isVoid)).to.deep.equal([true, true, false]);
  });

  it('stays valid after an earlier change of its tag if its loader has not begun, but gives no stale value', () => {
    const table = new FlightTable();
    const [waiting, running, changed] = begin(table, 'waiting', 'running', 'changed');
    for (const flight of [waiting, running, changed]) flight?.addTags(['red']);
    if (running) running.run = {} as LoaderRun;
    table.invalidate({ tags: new Set(['red']), when: 'earlier' });
    expect([waiting, running].map((flight) => flight?.isVoid)).to.deep.equal([false, true]);
    expect([waiting, running].map((flight) => flight?.allowsStale)).to.deep.equal([false, false]);
    table.invalidate({ tags: new Set(['red']), when: 'now' });
    expect([changed?.isVoid, changed?.allowsStale]).to.deep.equal([true, false]);
  });

  it('gives its lease back when a tag was invalidated, and leaves it to a change of the key', () => {
    const table = new FlightTable();
    const given: string[] = [];
    const [a, b] = begin(table, 'a', 'b');
    for (const flight of [a, b]) {
      const release = (): void => void given.push(`${flight?.key} released`);
      const abandon = (): void => void given.push(`${flight?.key} abandoned`);
      if (flight) flight.lease = { key: flight.key, isVoid: false, release, abandon };
    }
    a?.outdate();
    table.invalidate({ key: 'b' });
    for (const flight of [a, b]) flight?.giveUpLease();
    expect(given).to.deep.equal(['a released', 'b abandoned']);
    expect([a?.isVoid, b?.isVoid]).to.deep.equal([true, true]);
  });

  it('that is void does not end the one that took its place', () => {
    const table = new FlightTable();
    const [old] = begin(table, 'k');
    table.invalidate({ key: 'k' });
    const [young] = begin(table, 'k');
    old?.end(value('old'));
    expect(table.find('k')).to.equal(young);
  });

  it('is abandoned with its group, when the last caller of any of them has gone', () => {
    const table = new FlightTable();
    const [a, b] = begin(table, 'a', 'b');
    const ended: unknown[] = [];
    a?.group.begin({ end: (reason) => ended.push(reason) });
    for (const flight of [a, b]) flight?.group.join();
    a?.group.leave();
    expect([ended.length, a?.outcome]).to.deep.equal([0, undefined]);
    b?.group.leave();
    expect(ended.length).to.equal(1);
    expect([a?.outcome?.kind, b?.outcome?.kind]).to.deep.equal(['failed', 'failed']);
  });

  it('is not abandoned when all have ended, or when a caller got a stale value in its place', () => {
    const table = new FlightTable();
    const [over] = begin(table, 'a');
    over?.group.join();
    over?.end(value('a'));
    over?.group.leave();
    expect(over?.group.hasEnded).to.equal(false);
    const [kept] = begin(table, 'b');
    kept?.group.join();
    kept?.group.keepLoading();
    kept?.group.leave();
    expect(kept?.group.hasEnded).to.equal(false);
    table.endAll('closed');
    expect(kept?.outcome).to.deep.equal({ kind: 'failed', error: 'closed' });
  });
});

describe('loading: a shared value', () => {
  it('gives each caller an object of its own', () => {
    const shared = SharedValue.loaded(encodeValue({ n: 1 }));
    const answers = [shared.take(), shared.take(), shared.copy()];
    expect(new Set(answers.map((each) => each)).size).to.equal(3);
    expect(answers[0]).to.deep.equal({ value: { n: 1 }, outcome: 'miss', tier: undefined });
    expect(answers[2]).to.deep.equal({ n: 1 });
  });
});
