import type { Budget } from './budget.js';
import type { LoadConfig } from './load-options.js';
import type { Loader } from './types.js';

/** One key to be loaded, and how. */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader<unknown>;
  readonly config: LoadConfig;
  readonly budget: Budget | undefined;
  readonly signal: AbortSignal | undefined;
  /** The loader takes its place in the bulkhead itself, one for many keys. */
  readonly isBatched?: boolean;
  /** Told when somebody else is loading the key: another caller, or another process. */
  readonly onElsewhere?: () => void;
}
