import { parseOptions } from '../../core/validate.js';
import { parseStatusCodes } from '../options.js';
import type { HealthOptions } from '../types.js';
import { type Json, reference, SCHEMAS } from './openapi-schemas.js';

/** A part of an OpenAPI 3.1 document: merge its `paths` and `components` into yours. */
export interface OpenApiFragment {
  readonly paths: { readonly [path: string]: Json };
  readonly components: { readonly schemas: { readonly [name: string]: Json } };
}

export interface OpenApiOptions {
  /** Where the router is mounted. @default '/health' */
  readonly basePath?: string | undefined;
  /** The router's own `statusCodes`. */
  readonly statusCodes?: NonNullable<HealthOptions['statusCodes']> | undefined;
}

type Codes = Readonly<Record<number, string>>;

const SUBJECT = { name: 'healthOpenApi', code: 'ERR_HEALTH_OPTION' } as const;

/** Describes the endpoints of a health router. */
export function healthOpenApi(given?: OpenApiOptions): OpenApiFragment {
  const options = parseOptions<OpenApiOptions>(SUBJECT, given, ['basePath', 'statusCodes']);
  const base = (options.basePath ?? '/health').replace(/\/+$/, '');
  return {
    paths: {
      [base === '' ? '/' : base]: operation(
        'Everything, with metrics',
        'HealthReport',
        codesOf(options.statusCodes),
      ),
      [`${base}/live`]: operation('Is the process alive?', 'HealthStatus', { 200: 'it is' }),
      [`${base}/ready`]: operation('Should it get traffic?', 'Readiness', {
        200: 'no critical check is down',
        503: 'a critical check is down, or the service is shutting down',
      }),
      [`${base}/startup`]: operation('Has it started?', 'HealthStatus', {
        200: 'every critical check has been up once',
        503: 'not yet',
      }),
      [`${base}/check/{name}`]: singleCheck(),
    },
    components: { schemas: SCHEMAS },
  };
}

/** Several statuses may share a code. */
function codesOf(statusCodes: OpenApiOptions['statusCodes']): Codes {
  const codes: Record<number, string> = {};
  for (const [status, code] of Object.entries(parseStatusCodes(statusCodes))) {
    codes[code] = codes[code] === undefined ? status : `${codes[code]}, ${status}`;
  }
  return codes;
}

function operation(summary: string, schema: string, codes: Codes): { readonly get: Json } {
  const content = {
    'application/json': { schema: reference(schema) },
    'application/health+json': { schema: reference('IetfHealth') },
    'text/plain': { schema: { type: 'string' } },
  };
  const responses = Object.fromEntries(
    Object.entries(codes).map(([code, description]) => [code, { description, content }]),
  );
  return { get: { tags: ['health'], summary, responses } };
}

function singleCheck(): Json {
  const missing = {
    description: 'there is no such check, or the client may not see details',
    content: { 'application/json': { schema: reference('HealthProblem') } },
  };
  const { get } = operation('One check', 'HealthReport', {
    200: 'up or degraded',
    503: 'down, or the service is shutting down',
  }) as { readonly get: { readonly responses: { readonly [code: string]: Json } } };
  const name = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
  return { get: { ...get, parameters: [name], responses: { ...get.responses, 404: missing } } };
}
