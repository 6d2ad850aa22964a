import { bunny } from '../../lib/edge/adapters/bunny.js';
import { cloudflare } from '../../lib/edge/adapters/cloudflare.js';
import { custom } from '../../lib/edge/adapters/custom.js';
import { fastly } from '../../lib/edge/adapters/fastly.js';
import { varnish } from '../../lib/edge/adapters/varnish.js';
import type { Edge } from '../../lib/edge/edge.js';
import type { Vendor } from './vendor-fake.js';

export interface Case {
  readonly vendor: Vendor;
  readonly edge: (url: string) => Edge;
}

const json = (body: string): Record<string, unknown> => {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
};
const listIn = (name: string) => (request: { readonly body: string }) => {
  const list = json(request.body)[name];
  return Array.isArray(list) ? (list as string[]) : undefined;
};

const CLOUDFLARE: Omit<Vendor, 'burst' | 'perSecond'> = {
  method: 'POST',
  path: /^\/client\/v4\/zones\/zone1\/purge_cache$/,
  auth: ['authorization', 'Bearer token1'],
  tagsOf: listIn('tags'),
  maxTags: 100,
  maxTagLength: 1_024,
  maxBodyBytes: 1_048_576,
};

/**
 * The limits that the vendors document: Cloudflare's and Bunny's pages on purges, Fastly's API reference. Akamai stands for
 * an edge with a client of its own.
 */
export const CASES: Readonly<Record<string, Case>> = {
  varnish: {
    vendor: {
      method: 'PURGE',
      path: /^\/$/,
      auth: undefined,
      tagsOf: ({ headers }) => headers['surrogate-key']?.split(' '),
      maxTags: Number.POSITIVE_INFINITY,
      maxTagLength: 8_000,
      maxBodyBytes: 0,
      burst: 1_000,
      perSecond: 1_000,
    },
    edge: (url) => varnish({ url }),
  },
  fastly: {
    vendor: {
      method: 'POST',
      path: /^\/service\/service1\/purge$/,
      auth: ['fastly-key', 'key1'],
      tagsOf: listIn('surrogate_keys'),
      maxTags: 256,
      maxTagLength: 1_024,
      maxBodyBytes: 1_048_576,
      burst: 100,
      perSecond: 27,
    },
    edge: (url) => fastly({ url, service: 'service1', key: 'key1' }),
  },
  'cloudflare free': {
    vendor: { ...CLOUDFLARE, burst: 25, perSecond: 5 / 60 },
    edge: (url) => cloudflare({ url, zone: 'zone1', token: 'token1' }),
  },
  'cloudflare pro': {
    vendor: { ...CLOUDFLARE, burst: 25, perSecond: 5 },
    edge: (url) => cloudflare({ url, zone: 'zone1', token: 'token1', plan: 'pro' }),
  },
  'cloudflare enterprise': {
    vendor: { ...CLOUDFLARE, burst: 500, perSecond: 50 },
    edge: (url) => cloudflare({ url, zone: 'zone1', token: 'token1', plan: 'enterprise' }),
  },
  bunny: {
    vendor: {
      method: 'POST',
      path: /^\/pullzone\/zone1\/purgeCache$/,
      auth: ['accesskey', 'key1'],
      tagsOf: ({ body }) => {
        const { CacheTag: tag } = json(body);
        return typeof tag === 'string' ? [tag] : undefined;
      },
      maxTags: 1,
      maxTagLength: 1_024,
      maxBodyBytes: 8_192,
      burst: 120,
      perSecond: 5,
    },
    edge: (url) => bunny({ url, pullZone: 'zone1', key: 'key1' }),
  },
  'custom (Akamai)': {
    vendor: {
      method: 'POST',
      path: /^\/ccu\/v3\/(?:invalidate|delete)\/tag\/production$/,
      auth: ['authorization', 'EG1-HMAC-SHA256 signed'],
      tagsOf: listIn('objects'),
      maxTags: 5_000,
      maxTagLength: 128,
      maxBodyBytes: 50_000,
      burst: 100,
      perSecond: 50,
    },
    edge: (url) =>
      custom({
        name: 'akamai',
        header: 'Edge-Cache-Tag',
        separator: ',',
        tagsPerPurge: 1_000,
        burst: 100,
        perSecond: 50,
        async purge(tags, { soft, signal }) {
          const { status } = await fetch(
            `${url}/ccu/v3/${soft ? 'invalidate' : 'delete'}/tag/production`,
            {
              method: 'POST',
              headers: { Authorization: 'EG1-HMAC-SHA256 signed' },
              body: JSON.stringify({ objects: tags }),
              signal,
            },
          );
          if (status !== 200) throw Object.assign(new Error(`HTTP ${status}`), { status });
        },
      }),
  },
};
