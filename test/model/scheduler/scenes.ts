import fc from 'fast-check';
import { type Call, call, describeCall, nameOf } from '../calls.js';
import { type Setting, setting } from '../setting.js';
import type { Weather } from './weather.js';

/** What goes wrong, or changes, between calls. */
export type Trouble =
  | { readonly do: 'pause'; readonly ms: number }
  /** The network of one process. */
  | { readonly do: Weather; readonly at: number }
  /** Each command and each reply of a process takes so long. */
  | { readonly do: 'slow'; readonly at: number; readonly ms: number }
  /** A process: stopped, on a machine that sleeps, gone for good. */
  | { readonly do: 'stop' | 'sleep' | 'goOn' | 'die'; readonly at: number }
  /** One more process. */
  | { readonly do: 'join' }
  /** The server. `demote`: it becomes the replica of one whose data lies behind; `promote` ends that. */
  | {
      readonly do:
        | 'hang'
        | 'thaw'
        | 'save'
        | 'restart'
        | 'restartEmpty'
        | 'promote'
        | 'flushScripts'
        | 'fill'
        | 'empty';
    }
  | { readonly do: 'restartWithout' | 'demote'; readonly commands: number }
  /** Keys, and after them the two records. */
  | { readonly do: 'evict'; readonly key: number }
  | { readonly do: 'clock'; readonly ms: number };

export type Scene = Call | Trouble;

const at = fc.nat(3);

function of<D extends Trouble['do']>(
  weight: number,
  names: readonly D[],
  more: Readonly<Record<string, fc.Arbitrary<number>>> = {},
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<Trouble> } {
  const arbitrary = fc.record({ do: fc.constantFrom(...names), ...more });
  return { weight, arbitrary: arbitrary as unknown as fc.Arbitrary<Trouble> };
}

export const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  of(8, ['pause'], { ms: fc.constantFrom(5, 30, 120, 600, 2_500) }),
  of(8, ['stall', 'flow', 'cut', 'cutGhostly', 'refuse', 'loseReply'], { at }),
  of(2, ['stop', 'sleep', 'goOn', 'goOn'], { at }),
  of(2, ['slow'], { at, ms: fc.constantFrom(0, 30, 80) }),
  of(1, ['die'], { at }),
  of(2, ['join']),
  of(3, ['hang', 'thaw', 'thaw']),
  of(3, ['save', 'restart', 'restartEmpty']),
  of(2, ['restartWithout', 'demote'], { commands: fc.nat(4) }),
  of(2, ['promote']),
  of(2, ['flushScripts']),
  of(1, ['fill', 'empty', 'empty']),
  of(3, ['evict'], { key: fc.nat(4) }),
  of(3, ['clock'], { ms: fc.constantFrom(150, 400, 3_000, -150, -400, -3_000) }),
);

/** Few caches and hardly more than one key, so that things meet. */
const crowded = call.map((each): Call => ({ ...each, key: each.key === 2 ? 1 : 0 }));

/** Changes of one key, and reads of it. */
const changes = crowded
  .filter(({ do: what }) => !what.endsWith('Many') && what !== 'clearAll')
  .map((each): Call => ({ ...each, key: 0 }));

/** What holds up, loses or delays a command: the order of changes is at stake. */
const delay: fc.Arbitrary<Trouble> = fc.oneof(
  of(4, ['pause'], { ms: fc.constantFrom(5, 30, 30, 120, 120, 12_000) }),
  of(4, ['stall', 'flow', 'flow', 'cutGhostly', 'loseReply'], { at: fc.nat(1) }),
  of(3, ['flushScripts', 'flushScripts', 'hang', 'thaw']),
  of(5, ['slow'], { at: fc.nat(1), ms: fc.constantFrom(0, 0, 30, 50, 80) }),
);

/** What exchanges the data: the recovery is at stake. */
const exchange: fc.Arbitrary<Trouble> = fc.oneof(
  of(4, ['pause'], { ms: fc.constantFrom(30, 600, 2_500) }),
  of(2, ['save', 'restart', 'promote']),
  of(2, ['restartWithout', 'demote'], { commands: fc.nat(3) }),
  of(1, ['stall', 'flow', 'cut'], { at: fc.nat(1) }),
  of(1, ['stop', 'goOn'], { at: fc.nat(1) }),
  of(1, ['join']),
  of(1, ['evict'], { key: fc.nat(4) }),
);

export const crowdedSetting: fc.Arbitrary<Setting> = setting.map(
  (given): Setting => ({ ...given, caches: 2 }),
);

export const scenes: fc.Arbitrary<Scene[]> = fc.oneof(
  { weight: 2, arbitrary: series(crowded, trouble) },
  { weight: 2, arbitrary: series(changes, delay) },
  { weight: 1, arbitrary: series(changes, exchange) },
);

function series(calls: fc.Arbitrary<Call>, troubles: fc.Arbitrary<Trouble>): fc.Arbitrary<Scene[]> {
  return fc.array(fc.oneof({ weight: 2, arbitrary: calls }, { weight: 1, arbitrary: troubles }), {
    minLength: 3,
    maxLength: 20,
    size: 'max',
  });
}

/** Whether it is one that a cache may notice. */
export function isFault(scene: Scene): boolean {
  return !CALM.has(scene.do);
}

/** Calls, what a cache does not notice, and what it deals with. */
const CALM: ReadonlySet<Scene['do']> = new Set([
  'get',
  'getOrSet',
  'getMany',
  'getOrSetMany',
  'set',
  'delete',
  'write',
  'burst',
  'setMany',
  'deleteMany',
  'clear',
  'clearAll',
  'pause',
  'flow',
  'goOn',
  'join',
  'thaw',
  'save',
  'promote',
  'flushScripts',
  'empty',
  'evict',
]);

export function describeScene(scene: Scene): string {
  switch (scene.do) {
    case 'pause':
      return `wait ${scene.ms} ms`;
    case 'stall':
    case 'flow':
    case 'cut':
    case 'cutGhostly':
    case 'refuse':
    case 'loseReply':
      return `${nameOf(scene.at)}: network ${scene.do}`;
    case 'stop':
    case 'sleep':
    case 'goOn':
    case 'die':
      return `process ${nameOf(scene.at)}: ${scene.do}`;
    case 'join':
      return 'one more process';
    case 'slow':
      return `${nameOf(scene.at)}: each way takes ${scene.ms} ms`;
    case 'clock':
      return `Redis: clock ${scene.ms} ms`;
    case 'evict':
      return `Redis: evict ${scene.key}`;
    case 'restartWithout':
    case 'demote':
      return `Redis: ${scene.do} ${scene.commands}`;
    case 'hang':
    case 'thaw':
    case 'save':
    case 'restart':
    case 'restartEmpty':
    case 'promote':
    case 'flushScripts':
    case 'fill':
    case 'empty':
      return `Redis: ${scene.do}`;
    default:
      return describeCall(scene);
  }
}
