import { CacheHealthError } from '../core/errors.js';
import { describe } from '../core/validate.js';
import type { ScriptedNetwork } from './scripted-network.js';
import type { ScriptedRedis } from './scripted-redis/scripted-redis.js';

/**
 * How Redis breaks.
 *
 * - `kill`: its process ends. Connections break, and new ones are refused.
 * - `hang`: its process is suspended. It accepts connections and answers nothing.
 * - `disconnect`: connections break and new ones are refused, while Redis itself goes on.
 * - `loading`: it started again and reads its data from disk.
 * - `read-only`: it became a replica and refuses writes.
 * - `full`: it has no memory left and refuses to store anything.
 */
export type RedisFault = 'kill' | 'hang' | 'disconnect' | 'loading' | 'read-only' | 'full';

export interface World {
  readonly redis: ScriptedRedis;
  readonly network: ScriptedNetwork;
}

const BREAK: Readonly<Record<RedisFault, (world: World) => void>> = {
  kill: ({ redis }) => redis.kill(),
  hang: ({ redis }) => redis.hang(),
  disconnect({ network }) {
    network.refuse();
    network.cut();
  },
  loading({ redis }) {
    redis.restart(ALL);
    redis.refuse('LOADING');
  },
  'read-only': ({ redis }) => redis.refuse('READONLY'),
  full: ({ redis }) => redis.refuse('OOM'),
};

const ALL = { from: 'log', without: 0 } as const;
const NOTHING = { from: 'nothing' } as const;

/** Redis refuses writes alone, so a cache notices it only with its next write. */
export function isNoticedByWritesAlone(fault: RedisFault): boolean {
  return fault === 'read-only' || fault === 'full';
}

/** @throws CacheHealthError `ERR_CACHE_OPTION` for an unknown fault. */
export function parseFault(given: unknown): RedisFault {
  if (typeof given === 'string' && Object.hasOwn(BREAK, given)) return given as RedisFault;
  const known = Object.keys(BREAK).map((name) => `'${name}'`);
  throw new CacheHealthError(
    'ERR_CACHE_OPTION',
    `breakRedis() knows the faults ${known.join(', ')}, got ${describe(given)}.`,
  );
}

export function breakBy(fault: RedisFault, world: World): void {
  BREAK[fault](world);
}

/** Ends every fault. A process that had ended starts again, with all of its data or (`isEmpty`) with none. */
export function restore({ redis, network }: World, isEmpty: boolean): void {
  if (isEmpty || !redis.isUp) redis.restart(isEmpty ? NOTHING : ALL);
  redis.thaw();
  redis.accept();
  network.admit();
}
