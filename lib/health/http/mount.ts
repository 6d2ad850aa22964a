import type { Request } from 'express';
import type { Warnings } from '../../core/advice/warnings.js';
import { isEndpoint, type Target, targetOf } from './target.js';

/** What Express knows of a route. It is as the user wrote it, or as a tracer wrapped it. */
interface Route {
  readonly path?: unknown;
  readonly stack?: readonly { readonly handle?: { readonly beginShutdown?: unknown } }[];
}

/**
 * The target of a request at a router that is mounted in any way. `undefined` leaves the request to the
 * application. Express takes the path off for `app.use('/health', …)` alone.
 */
export function findTarget(req: Request, warnings: Warnings): Target | undefined {
  const route = req.route as Route | undefined;
  if (isOurs(route)) return targetInRoute(req, route, warnings);
  const target = targetOf(req);
  return req.baseUrl === '' ? targetAtRoot(target, warnings) : target;
}

/** Whether the route calls a health router. A tracer that wraps a handler copies its properties. */
function isOurs(route: Route | undefined): route is Route {
  if (!Array.isArray(route?.stack)) return false;
  return route.stack.some(({ handle }) => typeof handle?.beginShutdown === 'function');
}

/** The end of the path decides. What the route's path does not name and we do not know is unknown. */
function targetInRoute(req: Request, { path }: Route, warnings: Warnings): Target {
  const shown = typeof path === 'string' ? path : '/health';
  const text = `healthRouter() is mounted as a route at '${shown}', so Express may not pass on what is below it, such as ${shown.replace(/\/?[{*:].*$/, '')}/live. Write app.use('/health', healthRouter()).`;
  warnings.once('a-health-router-as-a-route', text);
  const target = targetOf(req);
  const segments = [target.endpoint, ...target.rest].filter(Boolean);
  const [last = '', before = ''] = segments.toReversed();
  if (before === 'check') return { ...target, endpoint: 'check', rest: [last] };
  if (isEndpoint(last) && last !== 'check') return { ...target, endpoint: last, rest: [] };
  const named = segmentsOf(path);
  const isNamed = named === undefined || segments.length <= named;
  return isNamed ? { ...target, endpoint: '', rest: [] } : { ...target, endpoint: last, rest: [] };
}

/** How many segments a route's path names before its first pattern; `undefined` if we cannot know. */
function segmentsOf(path: unknown): number | undefined {
  if (typeof path !== 'string') return undefined;
  const named = /^[^{}*:?+()[\]]*/.exec(path)?.[0] ?? '';
  return named.split('/').filter(Boolean).length;
}

/** Without a path of its own, the router answers at /health and leaves the home page to the application. */
function targetAtRoot(target: Target, warnings: Warnings): Target | undefined {
  const { endpoint, rest } = target;
  if (endpoint !== '' && endpoint !== 'health') return target;
  const text = `healthRouter() is mounted without a path, so it answers at /health and leaves the path '/' to the application. Write app.use('/health', healthRouter()).`;
  warnings.once('a-health-router-without-a-path', text);
  if (endpoint === '') return undefined;
  const [first = '', ...others] = rest;
  return { ...target, endpoint: first, rest: others };
}
