import { errorText } from '../../core/redact/redact.js';
import { invalid, parseFunction, parseInteger } from '../../core/validate.js';
import type { Edge, PurgeReply } from '../edge.js';
import { edgeOptions, marked } from './edge-options.js';
import { replyOf } from './send.js';

export interface CustomOptions {
  /** What status, metrics and logs call it. @default 'custom' */
  readonly name?: string | undefined;
  /** The response header in which the edge reads tags. */
  readonly header: string;
  readonly separator: ' ' | ',';
  /**
   * Purges these tags. Resolves when the edge accepted them; rejects otherwise, and the cache tries again. An error with a
   * `status` of 401, 403, 429 or 413 is understood. `soft`: the answers may still serve when the application fails.
   */
  readonly purge: (
    tags: readonly string[],
    how: { readonly soft: boolean; readonly signal: AbortSignal },
  ) => unknown;
  /** The most tags in one purge. @default 100 */
  readonly tagsPerPurge?: number | undefined;
  /** So many purges may be sent at once. @default 20 */
  readonly burst?: number | undefined;
  /** And so many more in each second. @default 5 */
  readonly perSecond?: number | undefined;
  /** The most bytes of the header. @default 2048 */
  readonly maxHeaderBytes?: number | undefined;
  /** Whether the edge obeys `CDN-Cache-Control`. @default false */
  readonly targeted?: boolean | undefined;
}

const KNOWN = [
  'name',
  'header',
  'separator',
  'purge',
  'tagsPerPurge',
  'burst',
  'perSecond',
  'maxHeaderBytes',
  'targeted',
] as const;

/**
 * Any edge with tags, by its own client: Akamai, CloudFront, Google Cloud.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION`.
 */
export function custom(options: CustomOptions): Edge {
  const given = edgeOptions<CustomOptions>('custom', options, KNOWN);
  const { name = 'custom', header, separator, targeted = false } = given;
  const { tagsPerPurge = 100, burst = 20, perSecond = 5, maxHeaderBytes = 2_048 } = given;
  if (typeof header !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(header))
    throw invalid(subject('header'), 'the name of a response header', header);
  if (separator !== ' ' && separator !== ',')
    throw invalid(subject('separator'), "' ' or ','", separator);
  if (typeof name !== 'string' || !/^[\w.-]{1,32}$/.test(name))
    throw invalid(subject('name'), '1 to 32 letters, digits, _ . and -', name);
  if (typeof perSecond !== 'number' || !(perSecond > 0 && perSecond <= 10_000))
    throw invalid(subject('perSecond'), 'a number above 0, at most 10000', perSecond);
  const purge = parseFunction<CustomOptions['purge']>(subject('purge'), given.purge);
  const maxBytes = parseInteger(subject('maxHeaderBytes'), maxHeaderBytes, [64, 32_768]);
  return marked({
    name,
    tagField: { name: header, separator, maxBytes, maxTags: 50 },
    obeysTargetedField: targeted === true,
    limits: {
      tagsPerPurge: parseInteger(subject('tagsPerPurge'), tagsPerPurge, [1, 10_000]),
      bytesPerPurge: 1_048_576,
      burst: parseInteger(subject('burst'), burst, [1, 10_000]),
      perSecond,
    },
    async purge({ names, isSoft, signal }) {
      try {
        await purge(names, { soft: isSoft, signal });
        return { kind: 'accepted' };
      } catch (error) {
        return replyOfError(error);
      }
    },
  });
}

/** Clients put the status of the reply into different places. */
function replyOfError(error: unknown): PurgeReply {
  const said = errorText(error);
  const { status, statusCode, code, $metadata } = (error ?? {}) as Record<string, unknown>;
  const found = [
    status,
    statusCode,
    ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode,
    code,
  ].find((each) => typeof each === 'number' && each >= 400 && each < 600);
  return found === undefined
    ? { kind: 'failed', error: said }
    : replyOf({ status: found as number, said });
}

function subject(option: string): { readonly name: string; readonly code: 'ERR_CACHE_OPTION' } {
  return { name: `custom({ ${option} })`, code: 'ERR_CACHE_OPTION' };
}
