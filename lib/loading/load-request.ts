import type { Loader } from '../api/loading.js';
import type { WaitBudget } from '../tiers/wait-budget.js';
import type { LoadConfig } from './loading-options.js';

/** One key to be loaded, and how. */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader<unknown>;
  readonly config: LoadConfig;
  readonly budget: WaitBudget | undefined;
  readonly signal: AbortSignal | undefined;
  /** The loader takes its place in the bulkhead itself, one for many keys. */
  readonly isBatched?: boolean;
  /** Told when somebody else is loading the key: another caller, or another process. */
  readonly onElsewhere?: () => void;
}
