import type { Request } from 'express';
import type { CheckConfig } from '../checker/check-runner.js';
import { type Checker, type Examination, isServing } from '../checker/checker.js';
import type { HealthConfig } from '../options.js';
import type { CacheSource } from '../types.js';
import { negotiate } from './negotiate.js';
import { type RenderOptions, renderReadiness, renderReport, renderStatus } from './render.js';
import { ALLOWED, type Answer } from './respond.js';

const METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const ENDPOINTS = new Set(['', 'live', 'ready', 'startup', 'check']);

/** So many names that no check has are repeated to who asked for them. */
const MAX_NAMED = 10;

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * What to answer, or `undefined` when the request is for somebody else: an unknown path where the router
 * is mounted at the root of the application. Below a path of its own, what is unknown ends here, so that
 * a mistyped probe is not answered by a page. Liveness, which looks at nothing, is answered at once.
 */
export function answerTo(
  health: Checker,
  config: HealthConfig,
  req: Request,
): Answer | undefined | Promise<Answer> {
  const [path = '', query = ''] = pathOf(req.url).split('?', 2);
  const [endpoint = '', name, ...rest] = path.toLowerCase().split('/').filter(Boolean);
  const isNamed = (endpoint === 'check') === (name !== undefined);
  if (!ENDPOINTS.has(endpoint) || !isNamed || rest.length > 0) {
    return req.baseUrl === '' ? undefined : plain(404, 'no such endpoint');
  }
  if (!METHODS.has(req.method)) return plain(405, 'use GET, HEAD or OPTIONS');
  if (isPreflight(req)) return PREFLIGHT;
  const format = negotiate(req.headers.accept);
  if (endpoint === 'live') return { code: 200, ...renderStatus('ok', format), headers: COMMON };
  const cache = config.cache ?? cacheOf(req);
  const params = new URLSearchParams(query);
  return answerAsked({ health, config, req, params, cache, name, endpoint }, format);
}

/** A client of a proxy may send the whole address (RFC 9112, 3.2.2), and Express leaves it as it is. */
function pathOf(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^[a-z]+:\/\/[^/?]*/i, '');
}

async function answerAsked(ask: Asked, format: RenderOptions['format']): Promise<Answer> {
  if (ask.endpoint === 'startup') return startup(ask, format);
  const options = await renderOptions(ask, format);
  switch (ask.endpoint) {
    case 'ready':
      return readiness(ask, options);
    case 'check':
      return single(ask, options);
    default:
      return report(ask, options);
  }
}

/** A browser asks whether it may ask; the answer has nothing to do with health. */
function isPreflight(req: Request): boolean {
  return (
    req.method === 'OPTIONS' &&
    req.headers.origin !== undefined &&
    req.headers['access-control-request-method'] !== undefined
  );
}

interface Asked {
  readonly health: Checker;
  readonly config: HealthConfig;
  readonly req: Request;
  readonly params: URLSearchParams;
  readonly cache: CacheSource | undefined;
  readonly name: string | undefined;
  readonly endpoint: string;
}

async function report(ask: Asked, options: RenderOptions): Promise<Answer> {
  const examination = await examine(ask, options, false);
  const code = ask.config.statusCodes[examination.status];
  return { code, ...renderReport(examination, options), headers: headersFor(examination) };
}

async function readiness(ask: Asked, options: RenderOptions): Promise<Answer> {
  const examination = await examine(ask, options, true);
  const code = isServing(examination.status) ? 200 : 503;
  return { code, ...renderReadiness(examination, options), headers: headersFor(examination) };
}

/** Once started, always started: what fails later is readiness' affair. */
async function startup(ask: Asked, format: RenderOptions['format']): Promise<Answer> {
  const { health } = ask;
  if (!health.hasStarted) {
    await health.examine({ cache: undefined, isCriticalOnly: true, excluded: new Set() });
  }
  const status = health.hasStarted ? 'ok' : 'error';
  return {
    code: health.hasStarted ? 200 : 503,
    ...renderStatus(status, format),
    headers: COMMON,
  };
}

/** One check alone. Whoever may not see details may not know which there are. */
async function single(ask: Asked, options: RenderOptions): Promise<Answer> {
  const known = [...ask.health.names, ...(ask.cache === undefined ? [] : ['cache'])];
  const name = known.find((candidate) => candidate.toLowerCase() === ask.name);
  if (name === undefined || !options.isDetailed) return plain(404, 'no such check');
  const excluded = new Set(known.filter((other) => other !== name));
  const examination = await ask.health.examine({
    cache: ask.cache,
    isCriticalOnly: false,
    excluded,
  });
  const isDown = examination.findings.some(({ result }) => result.status === 'down');
  const code = isDown || ask.health.isShuttingDown ? 503 : 200;
  return { code, ...renderReport(examination, options), headers: headersFor(examination) };
}

function examine(
  ask: Asked,
  options: RenderOptions,
  isCriticalOnly: boolean,
): Promise<Examination> {
  const excluded = new Set(options.isDetailed ? ask.params.getAll('exclude') : []);
  return ask.health.examine({ cache: ask.cache, isCriticalOnly, excluded });
}

async function renderOptions(ask: Asked, format: RenderOptions['format']): Promise<RenderOptions> {
  const { params } = ask;
  const isDetailed = await mayDetail(ask);
  const known = new Set([...ask.health.names, 'cache']);
  const unknownExcluded = params
    .getAll('exclude')
    .filter((name) => !known.has(name))
    .slice(0, MAX_NAMED);
  return {
    format,
    isDetailed,
    isVerbose: params.has('verbose'),
    unknownExcluded: unknownExcluded.map((name) => name.replace(/[^\w-]/g, '?').slice(0, 50)),
    history: isDetailed && params.has('history') ? ask.health.history.changes : undefined,
  };
}

/** Asked while the checks run, so that a slow `authorize` does not keep a probe waiting. */
function mayDetail({ config, endpoint, health, name, req }: Asked): boolean | Promise<boolean> {
  if (config.details !== 'authorized') return config.details;
  const isWanted = (check: CheckConfig): boolean => {
    if (endpoint === 'check') return check.name.toLowerCase() === name;
    return check.critical || endpoint !== 'ready';
  };
  return health.alongside(isWanted, async () => (await config.authorize(req)) === true, false);
}

/** The middleware may be mounted before. */
function cacheOf(req: Request): CacheSource | undefined {
  const { cache } = req as { cache?: { status?: unknown } };
  return typeof cache?.status === 'function' ? (cache as CacheSource) : undefined;
}

function headersFor({ status }: Examination): Readonly<Record<string, string>> {
  if (status === 'degraded') return { ...COMMON, 'x-envoy-degraded': 'true' };
  if (status === 'shutting_down') return { ...COMMON, Connection: 'close', 'Retry-After': '5' };
  return COMMON;
}

const COMMON: Readonly<Record<string, string>> = Object.freeze({ Allow: ALLOWED, Vary: 'Accept' });

const PREFLIGHT: Answer = {
  code: 204,
  contentType: JSON_TYPE,
  body: '',
  headers: { Allow: ALLOWED },
};

function plain(code: number, message: string): Answer {
  const body = JSON.stringify({ status: 'error', message });
  return { code, contentType: JSON_TYPE, body, headers: { Allow: ALLOWED } };
}
