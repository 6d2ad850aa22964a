import type { Request } from 'express';
import type { HealthConfig } from '../options.js';
import { ASSETS } from '../page/assets.js';
import type { LivePage } from '../page/live-page.js';
import type { Answer } from './respond.js';
import { problem } from './routes.js';
import type { Target } from './target.js';

/** Nothing inline, nothing foreign, in no frame. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
  ...["img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

const HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'Content-Security-Policy': POLICY,
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
});

/** A path that is not there, for those who may not see it as well. */
const HIDDEN = problem(404, 'no such endpoint');

/** What to answer below `/ui`. Those see the page who may see details. */
export async function pageAnswer(
  req: Request,
  { target, page }: { readonly target: Target; readonly page: LivePage | undefined },
  config: HealthConfig,
): Promise<Answer> {
  if (page === undefined || target.rest.length > 1) return HIDDEN;
  if (!(await maySee(req, config))) return HIDDEN;
  const [name = ''] = target.rest;
  if (name === 'events' || name === 'snapshot') await page.refresh();
  if (name === 'events') return streamOf(page);
  if (name === 'snapshot') return answer('application/json; charset=utf-8', page.json());
  if (name === '' && !hasSlash(req)) return redirect(req);
  const asset = ASSETS.get(name === '' ? 'index.html' : name);
  return asset === undefined ? HIDDEN : answer(asset.type, asset.text);
}

async function maySee(req: Request, { details, authorize }: HealthConfig): Promise<boolean> {
  if (details !== 'authorized') return details;
  try {
    return (await authorize(req)) === true;
  } catch {
    return false;
  }
}

function answer(contentType: string, body: string): Answer {
  return { code: 200, contentType, body, headers: HEADERS };
}

function streamOf(page: LivePage): Answer {
  if (!page.hasRoom) {
    return {
      ...problem(503, 'too many clients look at this page'),
      headers: { 'Retry-After': '5' },
    };
  }
  return {
    code: 200,
    contentType: 'text/event-stream; charset=utf-8',
    body: '',
    // nginx, and middleware that compresses, would hold the messages back.
    headers: {
      ...HEADERS,
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    },
    stream: (res) => page.stream(res),
  };
}

function hasSlash({ url }: Request): boolean {
  return (url.split('?', 1)[0] ?? '').endsWith('/');
}

/** The page's own addresses are relative, so that it works wherever the router is mounted. */
function redirect({ url }: Request): Answer {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  return { code: 302, contentType: 'text/plain', body: '', headers: { Location: `ui/${query}` } };
}
