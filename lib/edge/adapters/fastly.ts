import type { Edge } from '../edge.js';
import { edgeOptions, marked, parseAddresses, requiredText } from './edge-options.js';
import { send } from './send.js';

export interface FastlyOptions {
  /** The id of the service. */
  readonly service: string;
  /** A token with the scope `purge_select`. */
  readonly key: string;
  /** @default 'https://api.fastly.com' */
  readonly url?: string | URL | undefined;
}

/**
 * Fastly: `Surrogate-Key`, purged softly or hard, 256 tags in a request.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION`.
 */
export function fastly(options: FastlyOptions): Edge {
  const given = edgeOptions<FastlyOptions>('fastly', options, ['service', 'key', 'url']);
  const service = requiredText('fastly', 'service', given.service);
  const key = requiredText('fastly', 'key', given.key);
  const [api] = parseAddresses('fastly({ url })', given.url ?? 'https://api.fastly.com');
  return marked({
    name: 'fastly',
    tagField: { name: 'Surrogate-Key', separator: ' ', maxBytes: 2_048, maxTags: 50 },
    obeysTargetedField: false,
    // The documents name no rate; 100,000 an hour are quoted.
    limits: { tagsPerPurge: 256, bytesPerPurge: 65_536, burst: 100, perSecond: 25 },
    purge: ({ names, isSoft, signal }) =>
      send({
        method: 'POST',
        url: `${api}/service/${encodeURIComponent(service)}/purge`,
        headers: {
          'Fastly-Key': key,
          'Content-Type': 'application/json',
          Accept: 'application/json',
          ...(isSoft && { 'Fastly-Soft-Purge': '1' }),
        },
        body: JSON.stringify({ surrogate_keys: names }),
        signal,
      }),
  });
}
