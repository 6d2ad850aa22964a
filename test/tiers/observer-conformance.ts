import { expect } from 'chai';
import type { LoadError, Lookup } from '../../lib/api/events.js';
import type { LoadOutcome } from '../../lib/api/metrics.js';
import type { CacheMode } from '../../lib/api/status.js';
import type { EvictionReason } from '../../lib/memory/memory-tier.js';
import { Failure } from '../../lib/redis/failure.js';
import type { DoorState } from '../../lib/redis/remote.js';
import type { ErrorKind, Observer, SharedBy } from '../../lib/tiers/observer.js';

/** What an observer shows of the events that it got. */
export interface Seen {
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  readonly deletes: number;
  readonly errors: number;
  readonly probes: number;
  /** The text of the newest error. */
  readonly lastError: string | undefined;
  readonly lookups: readonly Lookup[];
  readonly loadErrors: readonly LoadError[];
  /** Attempts to connect, by their end. */
  readonly attempts: Readonly<Record<'ok' | 'error', number>>;
  /** Writes of the journal that Redis acknowledged. */
  readonly replayed: number;
  readonly evictions: Readonly<Record<EvictionReason, number>>;
  /** Callers that shared a load. */
  readonly shared: Readonly<Record<SharedBy, number>>;
  readonly loads: Readonly<Record<LoadOutcome, number>>;
  /** How many of the loads ran a loader. */
  readonly loadsRun: number;
  readonly overflows: number;
  readonly losses: number;
  /** The keys and sizes of values that are not stored. */
  readonly tooLarge: readonly string[];
  /** The modes that the cache went into. */
  readonly modes: readonly CacheMode[];
}

/** An observer under test, which got nothing so far. The door is closed. */
export interface ObserverSubject {
  readonly observer: Observer;
  seen(): Seen;
  /** The door goes into a state: what the observer may look at is changed, and then it is called. */
  enter(state: DoorState): void;
}

export const NOTHING_SEEN: Seen = {
  hits: 0,
  misses: 0,
  sets: 0,
  deletes: 0,
  errors: 0,
  probes: 0,
  lastError: undefined,
  lookups: [],
  loadErrors: [],
  attempts: { ok: 0, error: 0 },
  replayed: 0,
  evictions: { entries: 0, bytes: 0 },
  shared: { flight: 0, lease: 0 },
  loads: { ok: 0, skipped: 0, error: 0, timeout: 0, refused: 0, abandoned: 0 },
  loadsRun: 0,
  overflows: 0,
  losses: 0,
  tooLarge: [],
  modes: [],
};

const OPEN: DoorState = { name: 'open', reason: 'timeout', nextAttemptAt: 5_000 };

const failure = (text: string): Failure => new Failure('unavailable', 'timeout', new Error(text));

/** What every Observer promises to those who report to it. */
export function observerConformance(name: string, make: () => ObserverSubject): void {
  describe(`the observer port: ${name}`, () => {
    let subject: ObserverSubject;
    let observer: Observer;

    beforeEach(() => {
      subject = make();
      observer = subject.observer;
    });

    const expectSeen = (expected: Partial<Seen>): void => {
      expect(subject.seen()).to.deep.equal({ ...NOTHING_SEEN, ...expected });
    };

    it('has seen nothing at first', () => {
      expectSeen({});
    });

    it('gets each lookup, with its tier, in the order of the calls', () => {
      observer.looked('a', 'hit', 'redis');
      observer.looked('b', 'stale', 'memory');
      observer.looked('a', 'hit', 'memory');
      observer.looked('c', 'miss', undefined);
      expectSeen({
        hits: 3,
        misses: 1,
        lookups: [
          { key: 'a', outcome: 'hit', tier: 'redis' },
          { key: 'b', outcome: 'stale', tier: 'memory' },
          { key: 'a', outcome: 'hit', tier: 'memory' },
          { key: 'c', outcome: 'miss' },
        ],
      });
    });

    it('counts values that were stored, one or many', () => {
      observer.stored(1);
      observer.stored(5);
      observer.stored(0);
      expectSeen({ sets: 6 });
    });

    it('counts deletes and clears, one or many', () => {
      observer.removed(1);
      observer.removed(3);
      observer.removed(0);
      expectSeen({ deletes: 4 });
    });

    for (const kind of ['command', 'connect', 'decode'] as const satisfies ErrorKind[]) {
      it(`counts a failure of the kind ${kind} among the errors`, () => {
        observer.failed(kind, failure('late'));
        expectSeen({ errors: 1, lastError: 'late' });
      });
    }

    it('counts a probe of a known outage apart, and shows its error', () => {
      observer.failed('connect', failure('refused'));
      observer.failed('probe', failure('still refused'));
      observer.failed('probe', failure('refused again'));
      expectSeen({ errors: 1, probes: 2, lastError: 'refused again' });
    });

    it('takes a failure without a reason, and keeps the error before it', () => {
      observer.failed('decode', undefined);
      expectSeen({ errors: 1 });
      observer.failed('command', failure('late'));
      observer.failed('decode', undefined);
      expectSeen({ errors: 3, lastError: 'late' });
    });

    it('does not take a loader that begins for a lookup or an error', () => {
      observer.loading('a');
      expectSeen({});
    });

    it('gets each loader that failed, whatever it threw', () => {
      const events: readonly LoadError[] = [
        { key: 'a', error: new Error('no'), isStaleServed: false },
        { key: 'b', error: undefined, isStaleServed: true },
      ];
      for (const event of events) observer.loadFailed(event);
      expectSeen({ loadErrors: events });
    });

    it('counts attempts to connect, by their end, apart from failures', () => {
      observer.attempted(true);
      observer.attempted(false);
      observer.attempted(false);
      expectSeen({ attempts: { ok: 1, error: 2 } });
    });

    it('counts writes of the journal that were replayed, one or many', () => {
      observer.replayed(1);
      observer.replayed(200);
      observer.replayed(0);
      expectSeen({ replayed: 201 });
    });

    it('counts evictions by the limit that was reached', () => {
      observer.evicted('entries');
      observer.evicted('bytes');
      observer.evicted('bytes');
      expectSeen({ evictions: { entries: 1, bytes: 2 } });
    });

    it('counts callers that shared a load, by whose load it was', () => {
      observer.coalesced('flight', 1);
      observer.coalesced('lease', 1);
      observer.coalesced('flight', 10);
      expectSeen({ shared: { flight: 11, lease: 1 } });
    });

    for (const outcome of Object.keys(NOTHING_SEEN.loads) as LoadOutcome[]) {
      it(`counts a load whose end is ${outcome}, with its loader and without`, () => {
        observer.loaded(outcome, 0);
        observer.loaded(outcome, 30);
        observer.loaded(outcome, undefined);
        expectSeen({ loads: { ...NOTHING_SEEN.loads, [outcome]: 3 }, loadsRun: 2 });
      });
    }

    it('tells of each overflow of the journal and of each loss of data', () => {
      observer.journalOverflowed();
      expectSeen({ overflows: 1 });
      observer.dataLost();
      observer.dataLost();
      expectSeen({ overflows: 1, losses: 2 });
    });

    it('names the key and the size of a value that is too large', () => {
      observer.valueTooLarge('report:1', 2_000_000);
      expectSeen({ tooLarge: ['report:1 2000000'] });
    });

    it('tells of an outage once, however often the door tries again, and of its end', () => {
      subject.enter(OPEN);
      expectSeen({ modes: ['degraded'] });
      for (let i = 0; i < 3; i++) {
        subject.enter({ name: 'half-open', reason: 'timeout' });
        subject.enter(OPEN);
      }
      expectSeen({ modes: ['degraded'] });
      subject.enter({ name: 'half-open', reason: 'timeout' });
      subject.enter({ name: 'recovering', reason: 'timeout' });
      subject.enter({ name: 'settling', reason: 'timeout', until: 9_000 });
      subject.enter({ name: 'closed' });
      expectSeen({ modes: ['degraded', 'recovering', 'normal'] });
    });

    it('tells of a Redis that only refuses writes as an outage, too', () => {
      subject.enter({ name: 'read-only', reason: 'out_of_memory', nextAttemptAt: 5_000 });
      subject.enter({ name: 'recovering', reason: 'out_of_memory' });
      subject.enter({ name: 'closed' });
      expectSeen({ modes: ['degraded', 'recovering', 'normal'] });
    });

    it('does not take a close for an outage', () => {
      subject.enter({ name: 'shut' });
      expectSeen({});
    });

    it('takes events after the close', () => {
      subject.enter({ name: 'shut' });
      observer.looked('a', 'miss', undefined);
      observer.stored(1);
      observer.failed('command', failure('closed'));
      const lookups = [{ key: 'a', outcome: 'miss' as const }];
      expectSeen({ misses: 1, sets: 1, errors: 1, lastError: 'closed', lookups });
    });

    it('keeps kinds of events apart', () => {
      observer.stored(2);
      observer.removed(3);
      observer.failed('probe', undefined);
      observer.looked('a', 'hit', 'redis');
      expectSeen({
        sets: 2,
        deletes: 3,
        probes: 1,
        hits: 1,
        lookups: [{ key: 'a', outcome: 'hit', tier: 'redis' }],
      });
    });
  });
}
