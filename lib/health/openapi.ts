type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** An OpenAPI 3.1 fragment: `paths` and `components` to merge into a document. */
export interface OpenApiFragment {
  readonly paths: { readonly [path: string]: Json };
  readonly components: { readonly schemas: { readonly [name: string]: Json } };
}

/** Describes the endpoints of a health router that is mounted at `basePath` (default `/health`). */
export function healthOpenApi(options: { readonly basePath?: string } = {}): OpenApiFragment {
  const base = (options.basePath ?? '/health').replace(/\/+$/, '');
  const json = (schema: string): Json => ({
    'application/json': { schema: { $ref: `#/components/schemas/${schema}` } },
  });
  const operation = (summary: string, schema: string, codes: Record<string, string>): Json => ({
    get: {
      tags: ['health'],
      summary,
      responses: Object.fromEntries(
        Object.entries(codes).map(([code, description]) => [
          code,
          { description, content: json(schema) },
        ]),
      ),
    },
  });
  return {
    paths: {
      [base === '' ? '/' : base]: operation('Everything, with metrics', 'HealthReport', {
        200: 'ok or degraded',
        503: 'a critical check is down, or the service is shutting down',
      }),
      [`${base}/live`]: operation('Is the process alive?', 'HealthStatus', { 200: 'it is' }),
      [`${base}/ready`]: operation('Should it get traffic?', 'Readiness', {
        200: 'every critical check is up',
        503: 'a critical check is down, or the service is shutting down',
      }),
      [`${base}/startup`]: operation('Has it started?', 'HealthStatus', {
        200: 'every critical check has been up once',
        503: 'not yet',
      }),
    },
    components: { schemas: SCHEMAS },
  };
}

const STATE: Json = { type: 'string', enum: ['ok', 'degraded', 'error', 'shutting_down'] };
const CHECK_STATE: Json = { type: 'string', enum: ['up', 'degraded', 'down'] };
const RESULTS: Json = {
  type: 'object',
  properties: { cache: { $ref: '#/components/schemas/CacheResult' } },
  additionalProperties: { $ref: '#/components/schemas/CheckResult' },
};
const COUNT: Json = { type: 'integer', minimum: 0 };

const SCHEMAS: OpenApiFragment['components']['schemas'] = {
  HealthStatus: { type: 'object', required: ['status'], properties: { status: STATE } },
  Readiness: {
    type: 'object',
    required: ['status'],
    properties: {
      status: STATE,
      checks: { type: 'object', additionalProperties: CHECK_STATE },
    },
  },
  HealthReport: {
    type: 'object',
    description: 'With hidden details, the status alone.',
    required: ['status'],
    properties: { status: STATE, info: RESULTS, error: RESULTS, details: RESULTS },
    additionalProperties: true,
  },
  CheckResult: {
    type: 'object',
    required: ['status'],
    properties: { status: CHECK_STATE, message: { type: 'string' }, code: { type: 'string' } },
    additionalProperties: true,
  },
  CacheResult: {
    type: 'object',
    required: ['status', 'connected', 'message', 'metrics'],
    properties: {
      status: CHECK_STATE,
      connected: { type: 'boolean' },
      message: { type: 'string' },
      metrics: {
        type: 'object',
        required: ['hits', 'misses', 'sets', 'deletes', 'errors', 'hitRate'],
        properties: {
          hits: COUNT,
          misses: COUNT,
          sets: COUNT,
          deletes: COUNT,
          errors: COUNT,
          hitRate: { type: 'number', minimum: 0, maximum: 1 },
        },
      },
      lastError: { type: 'string' },
      lastErrorTime: { type: 'string', format: 'date-time' },
      degradation: { type: 'object' },
    },
    additionalProperties: true,
  },
};
