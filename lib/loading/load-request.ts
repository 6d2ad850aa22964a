import type { Loader, ManyLoader } from '../api/loading.js';
import type { Store } from '../tiers/store.js';
import type { LoadConfig } from './loading-options.js';

interface Shared {
  /** The caller's store, with the waiting budget of its request, if it has one. */
  readonly store: Store;
  readonly config: LoadConfig;
  readonly signal: AbortSignal | undefined;
  /** It was called after `close()`. `close()` ends every load that was called before, also one whose key is still being read. */
  readonly isAfterClose?: boolean;
}

/** One key to load, and how. */
export interface LoadRequest extends Shared {
  readonly key: string;
  readonly loader: Loader<unknown>;
}

/** Many keys to load with one call of a loader. */
export interface LoadManyRequest extends Shared {
  readonly loader: ManyLoader<unknown>;
}
