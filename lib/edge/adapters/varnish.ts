import type { Edge } from '../edge.js';
import { edgeOptions, marked, parseAddresses } from './edge-options.js';
import { send, worstOf } from './send.js';

export interface VarnishOptions {
  /** The address of Varnish, or of each of its nodes: every node gets every purge. */
  readonly url: string | URL | readonly (string | URL)[];
}

/**
 * Varnish with `deploy/varnish.vcl`: tags in `Surrogate-Key` by vmod xkey, purged softly or hard.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION`.
 */
export function varnish(options: VarnishOptions): Edge {
  const { url } = edgeOptions<VarnishOptions>('varnish', options, ['url']);
  const nodes = parseAddresses('varnish({ url })', url);
  return marked({
    name: 'varnish',
    tagField: { name: 'Surrogate-Key', separator: ' ', maxBytes: 2_048, maxTags: 50 },
    obeysTargetedField: true,
    // Varnish reads 8 KiB of a header field unless it is set otherwise.
    limits: { tagsPerPurge: 1_000, bytesPerPurge: 6_000, burst: 100, perSecond: 100 },
    async purge({ names, isSoft, signal }) {
      const headers = { 'Surrogate-Key': names.join(' '), ...(isSoft && { 'Soft-Purge': '1' }) };
      const asking = nodes.map((node) =>
        send({ method: 'PURGE', url: `${node}/`, headers, signal }),
      );
      return worstOf(await Promise.all(asking));
    },
  });
}
