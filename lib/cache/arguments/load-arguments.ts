import type { LoadOptions } from '../../api/loading.js';
import type { LoadManyRequest } from '../../loading/load-request.js';
import { parseLoadOptions } from '../../loading/loading-options.js';
import type { Store } from '../../tiers/store.js';
import type { CacheConfig } from '../options.js';

/** What a load needs besides keys and loader. Throws the reason of a signal that is aborted already. */
export function loadArguments(
  { load }: Pick<CacheConfig, 'load'>,
  store: Store,
  options: LoadOptions | undefined,
): Omit<LoadManyRequest, 'loader'> {
  const config = parseLoadOptions(load, options);
  const signal = options?.signal;
  signal?.throwIfAborted();
  return { config, store, signal };
}
