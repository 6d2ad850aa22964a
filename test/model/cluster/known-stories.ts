import type { Call } from '../calls.js';
import type { ClusterScene, ClusterTrouble } from './cluster-scenes.js';

/** A history that shows what one rule is for. */
export interface Story {
  readonly title: string;
  readonly journalMax?: number;
  readonly scenes: readonly ClusterScene[];
}

const common = { key: 0, wait: true, req: true } as const;
const [A, B] = [0, 1];

const get = (at: number, key = 0): Call => ({ do: 'get', at, ...common, key });
const set = (at: number, key = 0): Call => ({ do: 'set', at, ...common, key });
const remove = (at: number, key = 0): Call => ({ do: 'delete', at, ...common, key });
// biome-ignore lint/suspicious/noThenProperty: a history is data
const write = (at: number): Call => ({ do: 'write', then: 'set', at, ...common });
const pause = (ms: number): ClusterTrouble => ({ do: 'pause', ms });
const warm: ClusterTrouble = { do: 'warm', at: A, key: 0 };
const freeze: ClusterTrouble = { do: 'freeze', share: 0 };
const promote = (commands: number): ClusterTrouble => ({ do: 'promote', share: 0, commands });

function times(count: number, ...scenes: readonly ClusterScene[]): readonly ClusterScene[] {
  return Array.from({ length: count }, () => scenes).flat();
}

/** Redis answers A all the time, so that its near hits are proven. */
const busy = times(4, get(A, 1), pause(90));

export const STORIES: readonly Story[] = [
  {
    title: 'near memory needs a recent answer of the server',
    scenes: [warm, { do: 'stall', at: A, node: 0 }, write(B), pause(300), get(A)],
  },
  {
    title: 'a key that the server tells of while it is read is not near',
    scenes: [
      ...[write(B), get(A), get(A), { do: 'stop', at: A } as const, pause(1_500)],
      ...[{ do: 'goOn', at: A } as const, { ...get(A), wait: false }, write(B)],
      ...[...busy, get(A), ...busy, get(A)],
    ],
  },
  {
    title: 'what this process wrote itself is not near',
    scenes: [warm, write(A), pause(200), write(B), ...busy, get(A)],
  },
  {
    title: 'what the server tells of is not near any more',
    scenes: [warm, write(B), ...busy, get(A)],
  },
  {
    title: 'what a promoted replica lacks is sent again',
    scenes: [set(B), pause(700), remove(A), freeze, pause(1_500), promote(1), pause(3_500)].concat(
      get(B),
      get(A),
    ),
  },
  {
    title: 'nobody reads a promoted replica before it is settled',
    scenes: [
      ...[pause(3_000), set(B), pause(700), remove(A), freeze, promote(1)],
      ...times(15, get(B), pause(60)),
    ],
  },
  {
    title: 'a node with an old view turns nothing back',
    scenes: [
      ...[{ do: 'isolate', node: 1 } as const, freeze, pause(1_500), promote(0), pause(3_500)],
      ...[{ do: 'mustBeNormal' } as const, { do: 'isolate', node: 0 } as const],
      ...[{ do: 'thaw', share: 0 } as const, ...times(3, get(A), pause(2_000))],
      { do: 'mustBeNormal' },
    ],
  },
  {
    title: 'a server that was replaced is left',
    scenes: [set(A), promote(0), ...times(3, get(A), pause(300))],
  },
  {
    title: 'entries that move belong to no generation of their new server',
    journalMax: 1,
    scenes: [
      ...[set(A), set(A, 1), { do: 'stall', at: B, node: 0 } as const, pause(900)],
      ...[remove(B), remove(B, 1), { do: 'flow', at: B, node: 0 } as const, pause(2_500)],
      ...[{ do: 'move', key: 0 } as const, ...times(4, get(A), pause(30))],
    ],
  },
];
