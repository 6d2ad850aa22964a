import { invalid } from '../../core/validate.js';
import type { Edge, EdgeLimits, PurgeReply } from '../edge.js';
import { edgeOptions, marked, parseAddresses, requiredText } from './edge-options.js';
import { send } from './send.js';

export interface CloudflareOptions {
  /** The id of the zone. */
  readonly zone: string;
  /** An API token with the permission Cache Purge. */
  readonly token: string;
  /** It decides how many purges an account may send. @default 'free' */
  readonly plan?: 'free' | 'pro' | 'business' | 'enterprise' | undefined;
  /** @default 'https://api.cloudflare.com' */
  readonly url?: string | URL | undefined;
}

const RATES: Readonly<Record<string, Pick<EdgeLimits, 'burst' | 'perSecond'>>> = {
  free: { burst: 25, perSecond: 5 / 60 },
  pro: { burst: 25, perSecond: 5 },
  business: { burst: 50, perSecond: 10 },
  enterprise: { burst: 500, perSecond: 50 },
};

/**
 * Cloudflare: `Cache-Tag`, 100 tags in a request, at the rate of the plan. It has no soft purge.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION`.
 */
export function cloudflare(options: CloudflareOptions): Edge {
  const known = ['zone', 'token', 'plan', 'url'] as const;
  const given = edgeOptions<CloudflareOptions>('cloudflare', options, known);
  const zone = requiredText('cloudflare', 'zone', given.zone);
  const token = requiredText('cloudflare', 'token', given.token);
  const [api] = parseAddresses('cloudflare({ url })', given.url ?? 'https://api.cloudflare.com');
  return marked({
    name: 'cloudflare',
    tagField: { name: 'Cache-Tag', separator: ',', maxBytes: 2_048, maxTags: 50 },
    obeysTargetedField: true,
    limits: { tagsPerPurge: 100, bytesPerPurge: 65_536, ...rateOf(given.plan ?? 'free') },
    purge: ({ names, signal }) =>
      send(
        {
          method: 'POST',
          url: `${api}/client/v4/zones/${encodeURIComponent(zone)}/purge_cache`,
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: JSON.stringify({ tags: names }),
          signal,
        },
        judge,
      ),
  });
}

function rateOf(plan: unknown): Pick<EdgeLimits, 'burst' | 'perSecond'> {
  if (typeof plan === 'string' && Object.hasOwn(RATES, plan)) return RATES[plan] as never;
  const subject = { name: 'cloudflare({ plan })', code: 'ERR_CACHE_OPTION' } as const;
  throw invalid(subject, Object.keys(RATES).join(', '), plan);
}

/** An answer of 200 may say that nothing was purged. */
function judge(status: number, body: string): PurgeReply | undefined {
  const isDenied = status === 200 && /"success"\s*:\s*false/.test(body);
  return isDenied ? { kind: 'failed', error: body.slice(0, 200) } : undefined;
}
