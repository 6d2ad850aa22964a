import type { CacheEvents } from '../../../lib/api/events.js';
import type { MetricsSnapshot } from '../../../lib/api/metrics.js';
import { reasonOf } from '../../../lib/redis/door-state.js';
import type { DoorState } from '../../../lib/redis/remote.js';
import { Counts } from '../../../lib/testing/counts.js';
import { modeOf } from '../../../lib/tiers/mode.js';
import type { Observer } from '../../../lib/tiers/observer.js';
import { FakeObserver } from '../../support/fake-observer.js';
import {
  NOTHING_SEEN,
  type ObserverSubject,
  observerConformance,
  type Seen,
} from '../../tiers/observer-conformance.js';
import { NORMAL, useCache } from '../support.js';

type Tell = () => void;

const unwatched = (observer: Observer): Observer => observer;

/** Each listener calls `tell` after it has noted the event. */
function ofACache(tell: Tell, watch = unwatched): ObserverSubject {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const bench = useCache({ logger: { info: log, warn: log, error: log } });
  const observer = watch(bench.observer);
  const listen = <Name extends keyof CacheEvents>(name: Name): CacheEvents[Name][] => {
    const heard: CacheEvents[Name][] = [];
    bench.cache.on(name, (event) => {
      heard.push(event);
      tell();
    });
    return heard;
  };
  const [lookups, loadErrors, changes] = [
    listen('lookup'),
    listen('loaderror'),
    listen('modechange'),
  ];
  const linesWith = (text: string): number => lines.filter((line) => line.includes(text)).length;
  let before: DoorState = { name: 'closed' };
  return {
    observer,
    seen: () => {
      // What was said a moment ago is written later.
      bench.log.close();
      const { hitRate: _, ...counts } = bench.metrics.snapshot();
      return {
        ...counts,
        probes: bench.metrics.failures.probe,
        lastError: bench.cache.status().lastError,
        lookups,
        loadErrors,
        ...ofSnapshot(bench.cache.metrics()),
        overflows: linesWith('writes wait for Redis'),
        losses: linesWith('came back without writes'),
        tooLarge: tooLarge(lines),
        modes: changes.map(({ to }) => to),
      };
    },
    enter: (state) => {
      const [mode, reason] = [modeOf(state, true), reasonOf(state)];
      bench.store.state = { ...NORMAL, mode, reason, isConnected: state.name === 'closed' };
      observer.doorChanged(state, before);
      before = state;
    },
  };
}

type Counted = Pick<Seen, 'attempts' | 'replayed' | 'evictions' | 'shared' | 'loads' | 'loadsRun'>;

function ofSnapshot({ attempts, journal, memory, coalesced, loads }: MetricsSnapshot): Counted {
  return {
    attempts,
    replayed: journal.replayed,
    evictions: memory?.evictions ?? NOTHING_SEEN.evictions,
    shared: coalesced,
    loads: loads.results,
    loadsRun: loads.seconds.counts.reduce((sum, count) => sum + count),
  };
}

function tooLarge(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const found = /the value of '(.+)' has (\d+) bytes/.exec(line);
    return found === null ? [] : [`${found[1]} ${found[2]}`];
  });
}

function fake(): ObserverSubject {
  const observer = new FakeObserver();
  let before: DoorState = { name: 'closed' };
  const starting = (word: string): string[] =>
    observer.told.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
  return {
    observer,
    seen: () => ({
      hits: observer.lookups.filter(({ outcome }) => outcome !== 'miss').length,
      misses: observer.lookups.filter(({ outcome }) => outcome === 'miss').length,
      sets: observer.sets,
      deletes: observer.deletes,
      errors: observer.count('failed command', 'failed connect', 'failed decode'),
      probes: observer.count('failed probe'),
      lastError: errorOf(observer),
      lookups: observer.lookups,
      loadErrors: observer.loadFailures,
      ...ofFake(observer, starting),
      overflows: observer.count('overflowed'),
      losses: observer.count('data lost'),
      tooLarge: starting('too large '),
      modes: observer.modes,
    }),
    enter: (state) => {
      observer.doorChanged(state, before);
      before = state;
    },
  };
}

function ofFake(observer: FakeObserver, starting: (word: string) => string[]): Counted {
  const endsAs = (outcome: string): number =>
    observer.ended.filter((line) => line.split(',')[0] === outcome).length;
  const sharedBy = (by: string): number =>
    sum(observer.shared.filter((line) => line.startsWith(by)).map((line) => line.split(' ')[1]));
  return {
    attempts: { ...observer.attempts },
    replayed: sum(starting('replayed ')),
    evictions: {
      entries: observer.count('evicted entries'),
      bytes: observer.count('evicted bytes'),
    },
    shared: { flight: sharedBy('flight'), lease: sharedBy('lease') },
    loads: {
      ok: endsAs('ok'),
      skipped: endsAs('skipped'),
      error: endsAs('error'),
      timeout: endsAs('timeout'),
      refused: endsAs('refused'),
      abandoned: endsAs('abandoned'),
    },
    loadsRun: observer.ended.filter((line) => !line.endsWith('not run')).length,
  };
}

function sum(numbers: readonly (string | undefined)[]): number {
  return numbers.reduce((total, each) => total + Number(each), 0);
}

function errorOf({ failures }: FakeObserver): string | undefined {
  const last = failures.filter((each) => each !== undefined).at(-1);
  return last === undefined ? undefined : (last.error as Error).message;
}

observerConformance('the fake of the tests', fake);
observerConformance('that of a cache', () => ofACache(() => {}));
observerConformance('that of a cache, which the testing kit watches', () =>
  ofACache(
    () => {},
    (observer) => new Counts().watch(observer),
  ),
);
observerConformance('that of a cache whose listeners throw', () =>
  ofACache(() => {
    throw new Error('a listener that fails');
  }),
);
