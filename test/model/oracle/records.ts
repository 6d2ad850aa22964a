/** One value that was ever put into a cache. `serial` and `version` are what readers are given. */
export interface Birth {
  readonly serial: number;
  readonly process: string;
  readonly key: string;
  /** What the database held. */
  readonly version: number;
  readonly bornAt: number;
  readonly bornMs: number;
  readonly isSet: boolean;
  /** What its process may have been wrong by about the server's time. */
  readonly errorMs: number;
  /** When (ms) it may have been stored at the latest; for I3. */
  madeMs: number;
  /** For `set`: when its promise was settled, and whether Redis had not acknowledged it. */
  settledAt: number;
  isGivenUp: boolean;
  /** Made by a process that could not reach Redis. */
  isOfOutage: boolean;
  /** Set by a call of many keys, or with a tag, which takes its place among other processes' changes before its answer. */
  isOfMany: boolean;
}

/**
 * What a change changes. `key`: one; `pattern`: what is there; `all`: by a change of generation; `tag`: all values, which have
 * the tag.
 */
export type ChangeKind = 'key' | 'pattern' | 'all' | 'tag';

export interface Change {
  readonly process: string;
  readonly kind: ChangeKind;
  readonly matches: (key: string) => boolean;
  readonly calledAt: number;
  readonly calledMs: number;
  readonly errorMs: number;
  /** From here on its own process reads nothing older. */
  effectiveAt: number;
  settledAt: number;
  /** From when on (ms) nobody can get anything older out of Redis; `Infinity` until then. */
  appliedMs: number;
  /** Since when (ms) Redis may lack it, though it had acknowledged it. */
  forgottenMs: number | undefined;
}

export interface Reading {
  readonly process: string;
  readonly key: string;
  readonly calledAt: number;
  readonly calledMs: number;
}

export interface Loading extends Reading {
  readonly beganMs: number;
}

export type Tier = 'near' | 'redis' | 'memory' | undefined;

const NEVER = Number.POSITIVE_INFINITY;

export const UNSETTLED_BIRTH = {
  madeMs: NEVER,
  settledAt: NEVER,
  isGivenUp: false,
  isOfOutage: false,
  isOfMany: false,
};

export const UNSETTLED_CHANGE = {
  effectiveAt: NEVER,
  settledAt: NEVER,
  appliedMs: NEVER,
  forgottenMs: undefined,
};
