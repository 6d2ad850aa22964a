import type { CacheEvents } from '../../../lib/api/events.js';
import type { DoorState } from '../../../lib/redis/remote.js';
import { Counts } from '../../../lib/testing/counts.js';
import { modeOf, reasonOf } from '../../../lib/tiers/mode.js';
import type { Observer } from '../../../lib/tiers/observer.js';
import { FakeObserver } from '../../support/fake-observer.js';
import { type ObserverSubject, observerConformance } from '../../tiers/observer-conformance.js';
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
      const { hitRate: _, ...counts } = bench.metrics.snapshot();
      return {
        ...counts,
        probes: bench.metrics.failures.probe,
        lastError: bench.cache.status().lastError,
        lookups,
        loadErrors,
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
