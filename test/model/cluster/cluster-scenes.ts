import fc from 'fast-check';
import { type Call, call, describeCall, KEYS, nameOf } from '../calls.js';
import type { Weather } from '../scheduler/weather.js';
import type { Setting } from '../setting.js';

/** What happens in a cluster between calls. `share`: a server with slots. `node`: 4 stands for all. */
export type ClusterTrouble =
  | { readonly do: 'pause'; readonly ms: number }
  /** The process reads the key until memory may answer for it. */
  | { readonly do: 'warm'; readonly at: number; readonly key: number }
  | { readonly do: Weather; readonly at: number; readonly node: number }
  | { readonly do: 'stop' | 'goOn'; readonly at: number }
  | { readonly do: 'join' }
  /** Nothing is wrong any more but the views of some nodes, so every process uses Redis. */
  | { readonly do: 'mustBeNormal' }
  | { readonly do: 'freeze' | 'thaw' | 'fullTable' | 'moveRecords'; readonly share: number }
  /** The replica of a frozen server, or (by hand, with all its data) of any, takes over. */
  | { readonly do: 'promote'; readonly share: number; readonly commands: number }
  /** A node does not hear what the others agree on. */
  | { readonly do: 'isolate' | 'hear'; readonly node: number }
  | { readonly do: 'move' | 'evict'; readonly key: number };

export type ClusterScene = Call | ClusterTrouble;

const at = fc.nat(2);
const share = fc.nat(1);
const key = fc.nat(KEYS - 1);

type Field = Readonly<Record<string, fc.Arbitrary<number>>>;

function of<D extends ClusterTrouble['do']>(
  weight: number,
  names: readonly D[],
  more: Field = {},
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<ClusterTrouble> } {
  const arbitrary = fc.record({ do: fc.constantFrom(...names), ...more });
  return { weight, arbitrary: arbitrary as unknown as fc.Arbitrary<ClusterTrouble> };
}

/** So that it is known which tier answered, most calls belong to a request. */
const calls = fc
  .tuple(call, fc.nat(3))
  .map(([each, dice]): Call => ({ ...each, wait: dice > 0, req: dice > 0 }));

/** Reads of one key, and its changes by others. */
const crowded = calls
  .filter(({ do: what }) => !what.endsWith('Many') && what !== 'clearAll')
  .map((each): Call => ({ ...each, key: 0 }));

const reads = fc.record({
  do: fc.constant('get' as const),
  at,
  key: fc.constant(0),
  wait: fc.constant(true),
  req: fc.constant(true),
});

const weather: readonly Weather[] = ['stall', 'flow', 'flow', 'cut', 'cutGhostly', 'loseReply'];

/** N1 to N3: what may keep a message from its reader. */
const nearTrouble = fc.oneof(
  of(6, ['pause'], { ms: fc.constantFrom(5, 30, 120, 300, 600) }),
  of(6, ['warm'], { at, key: fc.constant(0) }),
  of(6, weather, { at, node: fc.constantFrom(0, 0, 4) }),
  of(3, ['stop', 'goOn', 'goOn'], { at }),
  of(2, ['freeze', 'thaw', 'thaw'], { share: fc.constant(0) }),
  of(2, ['fullTable'], { share: fc.constant(0) }),
  of(2, ['evict'], { key: fc.constant(0) }),
  of(1, ['move'], { key: fc.constant(0) }),
);

/** F1 and F2: a replica that lies behind takes over, and the old server comes back. */
const failoverTrouble = fc.oneof(
  of(4, ['pause'], { ms: fc.constantFrom(30, 300, 1_500, 2_500) }),
  of(2, ['freeze', 'thaw'], { share }),
  of(3, ['promote'], { share, commands: fc.nat(3) }),
  of(2, ['isolate', 'hear'], { node: fc.nat(3) }),
  of(1, ['stop', 'goOn', 'goOn'], { at }),
  of(1, ['stall', 'flow', 'cut'], { at, node: fc.nat(4) }),
  of(1, ['join']),
  of(1, ['warm'], { at, key }),
);

/** G1: slots move, and generations change. */
const moveTrouble = fc.oneof(
  of(4, ['pause'], { ms: fc.constantFrom(30, 120, 600, 1_500) }),
  of(4, ['move'], { key }),
  of(1, ['moveRecords'], { share }),
  of(3, ['stall', 'flow', 'cut', 'refuse'], { at, node: fc.nat(1) }),
  of(1, ['stop', 'goOn', 'goOn'], { at }),
  of(1, ['isolate', 'hear'], { node: fc.nat(3) }),
  of(1, ['warm'], { at, key }),
);

/** What histories are about. */
export const FAMILIES = {
  near: series(
    fc.oneof({ weight: 2, arbitrary: crowded }, { weight: 2, arbitrary: reads }),
    nearTrouble,
  ),
  failover: fc
    .tuple(series(crowded, failoverTrouble), failover(), series(crowded, failoverTrouble))
    .map((parts) => parts.flat()),
  moves: fc.oneof(
    { weight: 2, arbitrary: series(calls, moveTrouble) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(series(calls, moveTrouble), overflow(), series(calls, moveTrouble))
        .map((parts) => parts.flat()),
    },
  ),
} as const;

export type Family = keyof typeof FAMILIES;

/** A server freezes, everybody notices, its replica takes over, and the old one comes back. */
function failover(): fc.Arbitrary<readonly ClusterScene[]> {
  const story = fc.record({
    share,
    commands: fc.nat(4),
    before: fc.constantFrom(30, 900, 900, 1_500),
    after: fc.constantFrom(30, 600, 2_500),
    call: crowded,
    isIsolated: fc.boolean(),
  });
  return story.map(({ share: of, commands, before, after, call: one, isIsolated }) => [
    { do: 'freeze', share: of },
    { do: 'pause', ms: before },
    one,
    { do: 'promote', share: of, commands },
    { do: 'pause', ms: after },
    ...(isIsolated ? [{ do: 'isolate', node: of } as const] : []),
    { do: 'thaw', share: of },
    { do: 'pause', ms: 30 },
  ]);
}

/** A journal overflows, so that its process flushes one server. Then a slot of that one moves, and another process reads. */
function overflow(): fc.Arbitrary<readonly ClusterScene[]> {
  const story = fc.record({ by: fc.nat(1), moved: fc.nat(1), ms: fc.constantFrom(30, 120, 300) });
  const common = { wait: true, req: true } as const;
  return story.map(({ by, moved, ms }) => [
    { do: 'set', at: 1 - by, key: 0, ...common },
    { do: 'set', at: 1 - by, key: 1, ...common },
    { do: 'stall', at: by, node: 0 },
    { do: 'pause', ms: 900 },
    { do: 'delete', at: by, key: 0, ...common },
    { do: 'delete', at: by, key: 1, ...common },
    { do: 'flow', at: by, node: 0 },
    { do: 'pause', ms: 2_500 },
    { do: 'move', key: moved },
    ...[0, 1, 2].flatMap((): ClusterScene[] => [
      { do: 'get', at: 1 - by, key: moved, ...common },
      { do: 'pause', ms },
    ]),
  ]);
}

function series(
  some: fc.Arbitrary<Call>,
  troubles: fc.Arbitrary<ClusterTrouble>,
): fc.Arbitrary<readonly ClusterScene[]> {
  const scene = fc.oneof<fc.MaybeWeightedArbitrary<ClusterScene>[]>(
    { weight: 3, arbitrary: some },
    { weight: 2, arbitrary: troubles },
  );
  return fc.array(scene, { minLength: 3, maxLength: 16, size: 'max' });
}

export const clusterSetting: fc.Arbitrary<Setting> = fc.record({
  caches: fc.constantFrom(2 as const, 3 as const),
  ttl: fc.constant(60_000),
  // The mode of a cluster does not say in whose outage a value was made.
  outageTtl: fc.constant(30_000),
  journalMax: fc.constantFrom(10_000, 10_000, 1),
  memoryMax: fc.constant(100),
  commandTimeout: fc.constant(100),
  isTagged: fc.constant(false),
});

export function describeClusterScene(scene: ClusterScene): string {
  const { do: what } = scene;
  switch (what) {
    case 'pause':
      return `wait ${scene.ms} ms`;
    case 'warm':
      return `${nameOf(scene.at)} reads k${scene.key} until it is near`;
    case 'stop':
    case 'goOn':
      return `process ${nameOf(scene.at)}: ${what}`;
    case 'stall':
    case 'flow':
    case 'cut':
    case 'cutGhostly':
    case 'refuse':
    case 'loseReply':
      return `${nameOf(scene.at)}: network to ${scene.node === 4 ? 'all' : `n${scene.node}`}: ${what}`;
    case 'join':
      return 'one more process';
    case 'mustBeNormal':
      return 'everybody uses Redis';
    case 'freeze':
    case 'thaw':
    case 'fullTable':
    case 'moveRecords':
      return `share ${scene.share}: ${what}`;
    case 'promote':
      return `share ${scene.share}: its replica takes over, without the last ${scene.commands} commands`;
    case 'isolate':
    case 'hear':
      return `n${scene.node}: ${what}`;
    case 'move':
    case 'evict':
      return `Redis: ${what} k${scene.key}`;
    default:
      return describeCall(scene);
  }
}
