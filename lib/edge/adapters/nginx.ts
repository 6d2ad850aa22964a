import type { Edge, PurgeReply } from '../edge.js';
import { edgeOptions, marked, parseAddresses, requiredText } from './edge-options.js';
import { send, worstOf } from './send.js';

export interface NginxOptions {
  /** The address of nginx, or of each of its nodes. */
  readonly url: string | URL | readonly (string | URL)[];
  /** What `deploy/nginx-cache.conf` compares `X-Edge-Refresh` with. */
  readonly secret: string;
}

/**
 * nginx with `deploy/nginx-cache.conf`. It knows no tags: the cache has it fetch again the addresses whose answers this
 * process sent. An answer that another process sent stays until its `edgeTtl` ends.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION`.
 */
export function nginx(options: NginxOptions): Edge {
  const given = edgeOptions<NginxOptions>('nginx', options, ['url', 'secret']);
  const nodes = parseAddresses('nginx({ url })', given.url);
  const secret = requiredText('nginx', 'secret', given.secret);
  return marked({
    name: 'nginx',
    tagField: undefined,
    obeysTargetedField: false,
    // One signal ends all requests of a purge; Node warns of more than 10 listeners.
    limits: { tagsPerPurge: 8, bytesPerPurge: 65_536, burst: 1_000, perSecond: 1_000 },
    async purge({ names, signal }) {
      // A client that came past nginx may have sent a host that is none. nginx has nothing of it.
      const known = names.filter((name) => URL.canParse(name));
      const asking = nodes.flatMap((node) =>
        known.map((name) => {
          const { host, pathname, search } = new URL(name);
          const headers = { Host: host, 'X-Edge-Refresh': secret };
          return send(
            { method: 'GET', url: `${node}${pathname}${search}`, headers, signal },
            refreshed,
          );
        }),
      );
      return worstOf(await Promise.all(asking));
    },
  });
}

/** Any answer of the application is in the place of the old one, such as 404. */
function refreshed(status: number): PurgeReply | undefined {
  return status >= 200 && status < 500 && status !== 429 ? { kind: 'accepted' } : undefined;
}
