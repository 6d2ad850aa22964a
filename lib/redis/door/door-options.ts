import type { Clock } from '../../core/clock.js';
import type { Session } from '../commands/session.js';
import type { RedisSource } from '../connection/client.js';
import type { Failure } from '../failure.js';
import type { DoorState } from './door-state.js';

/** What the door tells and asks the cache. */
export interface DoorHooks {
  /** Called on each change of state. */
  onChange(state: DoorState, previous: DoorState): void;
  /** Called for every failed command or attempt. */
  onFailure(failure: Failure): void;
  /**
   * Replays what Redis missed, after the probe and before the first read. Resolves to whether the
   * connection survived it. `isRestarted`: it may be another process, or another's data.
   */
  recover(recovery: { readonly session: Session; readonly isRestarted: boolean }): Promise<boolean>;
  /** What answers now, for reads only, may lack the writes acknowledged last. */
  onRestart(): void;
  /** What Redis holds cannot be believed; the generation was changed. */
  onAmnesia(): void;
  /** Whether the reader of a key (prefix included) can be served without Redis while that hesitates. */
  readonly canSpare: (key: string) => boolean;
  /** A fence command is about to be sent; the returned function is called once it is acknowledged. */
  beginFence(): () => void;
}

export interface DoorOptions {
  readonly source: RedisSource;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly clock: Clock;
  readonly hooks: DoorHooks;
}
