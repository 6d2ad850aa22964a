import { CacheHealthError } from '../../core/errors.js';
import { describe, invalid, parseOptions } from '../../core/validate.js';
import { EDGE_MARK, type Edge } from '../edge.js';

/** Marks an edge, so that the option `edge` of a cache takes it. */
export function marked(edge: Edge): Edge {
  return Object.freeze({ ...edge, [EDGE_MARK]: true });
}

export function edgeOptions<T extends object>(
  name: string,
  given: unknown,
  known: readonly (keyof T & string)[],
): T {
  const advice = `Write ${EXAMPLES[name] ?? name}.`;
  const subject = { name: `${name}()`, code: 'ERR_CACHE_OPTION', advice, hints: HINTS } as const;
  return parseOptions<T>(subject, given, known);
}

/** A text that the request to the vendor needs: a key, or an id. Its value never stands in a message. */
export function requiredText(edge: string, option: string, given: unknown): string {
  if (typeof given === 'string' && /^[\x21-\x7e]+$/.test(given)) return given;
  const got = typeof given === 'string' ? 'another text' : describe(given);
  throw new CacheHealthError(
    'ERR_CACHE_OPTION',
    `${edge}() needs ${option}, a text without spaces, got ${got}. Write ${EXAMPLES[edge]}.`,
  );
}

/** Addresses without a path, such as `http://127.0.0.1:6081`. */
export function parseAddresses(subject: string, given: unknown): readonly string[] {
  const list = (Array.isArray(given) ? given : [given]) as unknown[];
  const origins = list.map((each) => originOf(each));
  if (list.length > 0 && origins.every((each) => each !== undefined)) return origins as string[];
  const advice = "Write 'http://127.0.0.1:6081', or a list with each node.";
  throw invalid(
    { name: subject, code: 'ERR_CACHE_OPTION', advice },
    'an http or https address, or a list of such addresses',
    given,
  );
}

function originOf(given: unknown): string | undefined {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, search } = new URL(text);
  const isOrigin = /^https?:$/.test(protocol) && pathname === '/' && search === '';
  return isOrigin ? origin : undefined;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  varnish: "varnish({ url: 'http://127.0.0.1:6081' })",
  nginx: "nginx({ url: 'http://127.0.0.1:8080', secret: process.env.EDGE_SECRET })",
  fastly: 'fastly({ service: process.env.FASTLY_SERVICE, key: process.env.FASTLY_KEY })',
  cloudflare: 'cloudflare({ zone: process.env.CF_ZONE, token: process.env.CF_TOKEN })',
  bunny: 'bunny({ pullZone: process.env.BUNNY_ZONE, key: process.env.BUNNY_KEY })',
  custom: "custom({ header: 'Edge-Cache-Tag', separator: ',', purge: (tags) => … })",
};

const HINTS: Readonly<Record<string, string>> = {
  host: "Write url: 'http://127.0.0.1:6081'.",
  hosts: "Write url: ['http://10.0.0.1:6081', 'http://10.0.0.2:6081'].",
  servers: "Write url: ['http://10.0.0.1:6081', 'http://10.0.0.2:6081'].",
  nodes: "Write url: ['http://10.0.0.1:6081', 'http://10.0.0.2:6081'].",
  serviceid: 'Write service: …',
  apikey: 'Write key: … (fastly, bunny) or token: … (cloudflare).',
  apitoken: 'Write token: … (cloudflare) or key: … (fastly, bunny).',
  accesskey: 'Write key: …',
  zoneid: 'Write zone: …',
  pullzoneid: 'Write pullZone: …',
};
