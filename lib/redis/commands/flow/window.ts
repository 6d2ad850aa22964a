import type { Cost } from '../../connection/connection.js';
import type { Lane } from '../../remote.js';

/** The size that one more command may have. */
export interface Room {
  readonly keys: number;
  readonly bytes: number;
}

/** A command, as the window counts it. */
export interface Counted extends Cost {
  /** Another command of the same call follows at once. Together they count as one command. */
  readonly isPart?: boolean | undefined;
}

interface Load {
  commands: number;
  keys: number;
  bytes: number;
}

/** An amount that Redis answers well within `commandTimeout`, even on a busy machine. */
const LIMIT: Load = { commands: 64, keys: 2_048, bytes: 1_024 * 1_024 };
/** Bulk work leaves the other half to requests, which then find a short queue. */
const BULK_LIMIT: Load = { commands: 32, keys: 1_024, bytes: 512 * 1_024 };

/** If no command is unanswered, there is room for any command. */
const FREE: Room = { keys: LIMIT.keys, bytes: LIMIT.bytes };

/**
 * Counts the commands that one connection has not answered. A command that exceeds the window waits on our
 * side, where it has no deadline and is no fault of Redis.
 *
 * Invariant: one command of each lane may always be sent, however large it is.
 */
export class Window {
  readonly #all: Load = { commands: 0, keys: 0, bytes: 0 };
  readonly #bulk: Load = { commands: 0, keys: 0, bytes: 0 };

  /** Bytes that are unanswered. */
  get bytes(): number {
    return this.#all.bytes;
  }

  /** `undefined`: this lane may not send now. */
  room(lane: Lane): Room | undefined {
    if (lane === 'request') {
      return this.#all.commands === this.#bulk.commands ? FREE : left(this.#all, LIMIT);
    }
    if (this.#bulk.commands === 0) return FREE;
    return left(this.#all, LIMIT) && left(this.#bulk, BULK_LIMIT);
  }

  sent(cost: Counted, lane: Lane): void {
    count(this.#all, cost, 1);
    if (lane === 'bulk') count(this.#bulk, cost, 1);
  }

  answered(cost: Counted, lane: Lane): void {
    count(this.#all, cost, -1);
    if (lane === 'bulk') count(this.#bulk, cost, -1);
  }
}

function count(load: Load, cost: Counted, sign: 1 | -1): void {
  if (cost.isPart !== true) load.commands += sign;
  load.keys += sign * cost.keys;
  load.bytes += sign * cost.bytes;
}

function left(load: Load, limit: Load): Room | undefined {
  const keys = limit.keys - load.keys;
  const bytes = limit.bytes - load.bytes;
  return load.commands < limit.commands && keys > 0 && bytes > 0 ? { keys, bytes } : undefined;
}
