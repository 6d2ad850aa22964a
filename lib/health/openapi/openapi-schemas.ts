export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

export function reference(schema: string): Json {
  return { $ref: `#/components/schemas/${schema}` };
}

const STATE: Json = { type: 'string', enum: ['ok', 'degraded', 'error', 'shutting_down'] };
const CHECK_STATE: Json = { type: 'string', enum: ['up', 'degraded', 'down'] };
const IETF_STATE: Json = { type: 'string', enum: ['pass', 'warn', 'fail'] };
const COUNT: Json = { type: 'integer', minimum: 0 };
const TEXT: Json = { type: 'string' };
const TIME: Json = { type: 'string', format: 'date-time' };

function record(properties: { readonly [name: string]: Json }, required: readonly string[]): Json {
  return { type: 'object', required, properties, additionalProperties: false };
}

function mapOf(values: Json): Json {
  return { type: 'object', additionalProperties: values };
}

const RESULTS: Json = {
  type: 'object',
  properties: { cache: reference('CacheResult') },
  additionalProperties: reference('CheckResult'),
};

const METRICS = {
  hits: COUNT,
  misses: COUNT,
  sets: COUNT,
  deletes: COUNT,
  errors: COUNT,
  hitRate: { type: 'number', minimum: 0, maximum: 1 },
};

const FILLED: Json = record({ entries: COUNT, max: COUNT }, ['entries', 'max']);

const JOURNAL: Json = record({ entries: COUNT, max: COUNT, overflows: COUNT }, [
  'entries',
  'max',
  'overflows',
]);

const DEGRADATION: Json = record(
  {
    mode: { type: 'string', enum: ['degraded', 'recovering', 'database-only'] },
    reason: TEXT,
    since: TIME,
    fallback: { oneOf: [FILLED, { type: 'null' }] },
    journal: JOURNAL,
    nextProbeAt: TIME,
  },
  ['mode', 'since', 'fallback', 'journal'],
);

const CHANGE: Json = record(
  { name: TEXT, from: TEXT, to: TEXT, reason: TEXT, durationMs: COUNT, at: TIME },
  ['name', 'from', 'to', 'durationMs', 'at'],
);

/** A report shows all of these or none: `details` never comes without `info` and `error`. */
const PARTS = ['info', 'error', 'details'];

export const SCHEMAS: { readonly [name: string]: Json } = {
  HealthStatus: record({ status: STATE }, ['status']),
  HealthProblem: record({ status: STATE, message: TEXT }, ['status', 'message']),
  Readiness: record({ status: STATE, checks: mapOf(CHECK_STATE) }, ['status']),
  HealthReport: {
    type: 'object',
    description: 'With hidden details, the status alone.',
    required: ['status'],
    properties: {
      status: STATE,
      info: RESULTS,
      error: RESULTS,
      details: RESULTS,
      history: { type: 'array', maxItems: 20, items: CHANGE },
      trimmed: { const: true, description: 'The whole report is larger than 8 KiB.' },
    },
    dependentRequired: Object.fromEntries(PARTS.map((part) => [part, PARTS])),
    additionalProperties: false,
  },
  CheckResult: {
    type: 'object',
    required: ['status'],
    properties: { status: CHECK_STATE, message: TEXT, code: TEXT },
    additionalProperties: true,
  },
  CacheResult: {
    type: 'object',
    required: ['status'],
    properties: {
      status: CHECK_STATE,
      connected: { type: 'boolean' },
      message: TEXT,
      metrics: record(METRICS, Object.keys(METRICS)),
      lastError: TEXT,
      lastErrorTime: TIME,
      degradation: DEGRADATION,
    },
    dependentRequired: { connected: ['message', 'metrics'], lastError: ['lastErrorTime'] },
    additionalProperties: false,
  },
  IetfHealth: {
    type: 'object',
    description: 'draft-inadarei-api-health-check-06',
    required: ['status'],
    properties: {
      status: IETF_STATE,
      checks: mapOf({
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['status'],
          properties: { status: IETF_STATE, output: TEXT },
        },
      }),
    },
    additionalProperties: false,
  },
};
