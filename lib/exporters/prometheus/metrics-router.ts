import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { parseOptions } from '../../core/validate.js';
import { type MetricRegistry, parseRegister } from './collect-cache-metrics.js';

export interface MetricsRouterOptions {
  /** @default the default registry of prom-client */
  readonly register?: MetricRegistry;
}

/**
 * Answers `GET` where it is mounted with the registry's metrics: `app.use('/metrics', metricsRouter())`. Mount it
 * where the public cannot reach it.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function metricsRouter(options?: MetricsRouterOptions): RequestHandler {
  const subject = { name: 'metricsRouter', code: 'ERR_CACHE_OPTION' } as const;
  const given = parseOptions<MetricsRouterOptions>(subject, options, ['register']);
  const register = parseRegister(given.register);
  return function serveMetrics(req: Request, res: Response, next: NextFunction): void {
    if (!/^\/?(?:\?|$)/.test(req.url)) {
      next();
      return;
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    register.metrics().then(
      (text) => {
        res.setHeader('Content-Type', register.contentType);
        res.setHeader('Cache-Control', 'no-store');
        res.end(req.method === 'HEAD' ? undefined : text);
      },
      // One of the user's own metrics failed.
      (error) => next(error),
    );
  };
}
