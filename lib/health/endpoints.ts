import type { Request } from 'express';
import type { Examination, Health } from './health.js';
import { negotiate } from './negotiate.js';
import type { HealthConfig } from './options.js';
import { type RenderOptions, renderReadiness, renderReport, renderStatus } from './render.js';
import { ALLOWED, type Answer } from './respond.js';
import type { CacheSource } from './types.js';

const METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * What to answer, or `undefined` when the request is for somebody else: an unknown path where the router
 * is mounted at the root of the application. Below a path of its own, what is unknown ends here, so that
 * a mistyped probe is not answered by a page.
 */
export async function answerTo(
  health: Health,
  config: HealthConfig,
  req: Request,
  isPreflight: boolean,
): Promise<Answer | undefined> {
  const url = new URL(req.url, 'http://health.invalid');
  const [endpoint = '', name, ...rest] = url.pathname.toLowerCase().split('/').filter(Boolean);
  const isKnown = ['', 'live', 'ready', 'startup', 'check'].includes(endpoint) && rest.length === 0;
  const isNamed = (endpoint === 'check') === (name !== undefined);
  if (!isKnown || !isNamed) return req.baseUrl === '' ? undefined : plain(404, 'no such endpoint');
  if (!METHODS.has(req.method)) return plain(405, 'use GET, HEAD or OPTIONS');
  if (isPreflight)
    return { code: 204, contentType: JSON_TYPE, body: '', headers: { Allow: ALLOWED } };
  const format = negotiate(req.headers.accept);
  if (endpoint === 'live') return { code: 200, ...renderStatus('ok', format), headers: common({}) };
  const ask: Asked = { health, config, req, url, cache: config.cache ?? cacheOf(req), name };
  const options = await renderOptions(ask, format);
  switch (endpoint) {
    case 'ready':
      return readiness(ask, options);
    case 'startup':
      return startup(ask, format);
    case 'check':
      return single(ask, options);
    default:
      return report(ask, options);
  }
}

interface Asked {
  readonly health: Health;
  readonly config: HealthConfig;
  readonly req: Request;
  readonly url: URL;
  readonly cache: CacheSource | undefined;
  readonly name: string | undefined;
}

async function report(ask: Asked, options: RenderOptions): Promise<Answer> {
  const examination = await examine(ask, options, false);
  const code = ask.config.statusCodes[examination.status];
  return { code, ...renderReport(examination, options), headers: headersFor(examination) };
}

async function readiness(ask: Asked, options: RenderOptions): Promise<Answer> {
  const examination = await examine(ask, options, true);
  const code = isServing(examination) ? 200 : 503;
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
    headers: common({}),
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
  const excluded = new Set(options.isDetailed ? ask.url.searchParams.getAll('exclude') : []);
  return ask.health.examine({ cache: ask.cache, isCriticalOnly, excluded });
}

async function renderOptions(ask: Asked, format: RenderOptions['format']): Promise<RenderOptions> {
  const { searchParams } = ask.url;
  const isDetailed = await mayDetail(ask);
  const known = new Set([...ask.health.names, 'cache']);
  const unknownExcluded = searchParams.getAll('exclude').filter((name) => !known.has(name));
  return {
    format,
    isDetailed,
    isVerbose: searchParams.has('verbose'),
    unknownExcluded: unknownExcluded.map((name) => name.replace(/[^\w-]/g, '?').slice(0, 50)),
    history: isDetailed && searchParams.has('history') ? ask.health.history.changes : undefined,
  };
}

async function mayDetail({ config, req }: Asked): Promise<boolean> {
  if (config.details !== 'authorized') return config.details;
  try {
    return (await config.authorize(req)) === true;
  } catch {
    return false;
  }
}

/** The middleware may be mounted before. */
function cacheOf(req: Request): CacheSource | undefined {
  const { cache } = req as { cache?: { status?: unknown } };
  return typeof cache?.status === 'function' ? (cache as CacheSource) : undefined;
}

function isServing({ status }: Examination): boolean {
  return status === 'ok' || status === 'degraded';
}

function headersFor({ status }: Examination): Record<string, string> {
  if (status === 'degraded') return common({ 'x-envoy-degraded': 'true' });
  if (status === 'shutting_down') return common({ Connection: 'close', 'Retry-After': '5' });
  return common({});
}

function common(more: Record<string, string>): Record<string, string> {
  return { Allow: ALLOWED, Vary: 'Accept', ...more };
}

function plain(code: number, message: string): Answer {
  const body = JSON.stringify({ status: 'error', message });
  return { code, contentType: JSON_TYPE, body, headers: { Allow: ALLOWED } };
}
