/** A value that a loader has made. */
export interface LoadedValue {
  readonly key: string;
  /** The value, encoded. */
  readonly payload: string;
  /** When the load began (local, monotonic). */
  readonly at: number;
  /** The lifetime that the user gives it. */
  readonly ttlMs: number;
  /** The loader or a known instant says when it ends: no other lifetime may. */
  readonly isFixed: boolean;
  /** The value that it replaces had not expired: an audit, or a refresh ahead. */
  readonly isReload: boolean;
}

/** Gives loaded values their lifetimes. */
export interface Lifetimes {
  /** Returns how long the value lives. */
  loaded(value: LoadedValue): number;
  /** The longest lifetime that a key may get whose user says `ttlMs`. */
  longestMs(key: string, ttlMs: number): number;
}
