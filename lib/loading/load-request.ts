import type { Loader, ManyLoader } from '../api/loading.js';
import type { Store } from '../tiers/store.js';
import type { LoadConfig } from './loading-options.js';

interface Shared {
  /** The caller's: with the waiting budget of its request, if it is one. */
  readonly store: Store;
  readonly config: LoadConfig;
  readonly signal: AbortSignal | undefined;
}

/** One key to be loaded, and how. */
export interface LoadRequest extends Shared {
  readonly key: string;
  readonly loader: Loader<unknown>;
}

/** Many keys to be loaded by one call of a loader. */
export interface LoadManyRequest extends Shared {
  readonly loader: ManyLoader<unknown>;
}
