import type { Edge } from '../edge.js';
import { edgeOptions, marked, parseAddresses, requiredText } from './edge-options.js';
import { send } from './send.js';

export interface BunnyOptions {
  /** The id of the pull zone. */
  readonly pullZone: string;
  /** The API key of the account. */
  readonly key: string;
  /** @default 'https://api.bunny.net' */
  readonly url?: string | URL | undefined;
}

/**
 * Bunny: `CDN-Tag`, at most 1,024 bytes; one tag in a request, 120 at once and 5 a second. It has no soft purge.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION`.
 */
export function bunny(options: BunnyOptions): Edge {
  const given = edgeOptions<BunnyOptions>('bunny', options, ['pullZone', 'key', 'url']);
  const zone = requiredText('bunny', 'pullZone', given.pullZone);
  const key = requiredText('bunny', 'key', given.key);
  const [api] = parseAddresses('bunny({ url })', given.url ?? 'https://api.bunny.net');
  return marked({
    name: 'bunny',
    tagField: { name: 'CDN-Tag', separator: ',', maxBytes: 1_024, maxTags: 50 },
    obeysTargetedField: false,
    limits: { tagsPerPurge: 1, bytesPerPurge: 1_024, burst: 120, perSecond: 5 },
    purge: ({ names, signal }) =>
      send({
        method: 'POST',
        url: `${api}/pullzone/${encodeURIComponent(zone)}/purgeCache`,
        headers: { AccessKey: key, 'Content-Type': 'application/json' },
        body: JSON.stringify({ CacheTag: names[0] }),
        signal,
      }),
  });
}
