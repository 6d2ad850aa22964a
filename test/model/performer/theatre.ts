import type { CacheHandle } from '../../../lib/cache/cache.js';
import type { ServerTime } from '../../../lib/redis/server-time.js';
import type { Oracle } from '../oracle/oracle.js';
import type { Birth, Change } from '../oracle/records.js';
import type { Setting } from '../setting.js';

/** A cache that plays a part: one process. */
export interface Player {
  readonly name: string;
  readonly cache: CacheHandle;
  readonly serverTime: Pick<ServerTime, 'now' | 'latest'>;
  /** Nobody waits for its answers any more. */
  readonly isDead?: boolean;
  /** The latest time of the server that it has held possible (ms). What it stamps later is not older. */
  heldPossibleMs?: number;
  /** The request that its calls belong to, if they belong to one. */
  request?: Request;
}

/** Several calls with one budget. */
export interface Request {
  readonly handle: CacheHandle;
  calls: number;
  underWay: number;
}

/** What the performer needs of where a history is played. */
export interface Theatre {
  readonly oracle: Oracle;
  readonly setting: Setting;
  /** Milliseconds since the beginning. */
  now(): number;
  /** Milliseconds of this process that count for a budget. */
  spent(player: Player): number;
  /** How late this process got its turns at worst: its patience grows with that. */
  lateMs(): number;
  /** As long as that in the life of this process. */
  wait(player: Player, ms: number): Promise<void>;
  /** Until what was called is on its way: a few turns of the event loop. */
  turns(): Promise<void>;
  /** A change was acknowledged: is that true? `value`: what it set; `undefined`: a delete. */
  checkApplied(change: Change, key: string, value: Birth | undefined): void;
}

/** What a process may be wrong by about the server's time. */
export function errorMsOf(player: Player, { commandTimeout }: Setting): number {
  const { cache, serverTime, heldPossibleMs = 0 } = player;
  const [now, latest] = [serverTime.now(), serverTime.latest()];
  // From further ahead than this it dates from before the server's clock was set back.
  const isForgotten = heldPossibleMs > latest + FORGOTTEN_AHEAD_MS;
  player.heldPossibleMs = isForgotten ? latest : Math.max(heldPossibleMs, latest);
  // What is called before the first connection is made waits for it, and counts as called then.
  if (cache.status().reason === 'connecting') return commandTimeout;
  return player.heldPossibleMs - now;
}

const FORGOTTEN_AHEAD_MS = 1_000;

/** So many calls a request makes. */
const CALLS_PER_REQUEST = 4;

/** The player's request, or the next one. */
export function requestOf(player: Player): Request {
  const { request, cache } = player;
  if (request !== undefined && request.calls++ < CALLS_PER_REQUEST) return request;
  player.request = { handle: cache.forRequest(), calls: 1, underWay: 0 };
  return player.request;
}
