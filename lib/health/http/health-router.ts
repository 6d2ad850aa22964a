import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { type Clock, systemClock } from '../../core/clock.js';
import { Emitter, type Unsubscribe } from '../../core/emitter.js';
import { errorText } from '../../core/redact.js';
import { invalid, parseFunction } from '../../core/validate.js';
import { Checker } from '../checker/checker.js';
import { type HealthConfig, parseHealthOptions } from '../options.js';
import type { HealthChange, HealthOptions } from '../types.js';
import { answerTo } from './endpoints.js';
import { ALLOWED, respond } from './respond.js';

/** The events of a health router. */
export interface HealthEvents {
  readonly change: HealthChange;
}

/** The endpoints, and what an application may want to tell or ask them. */
export interface HealthRouter extends RequestHandler {
  /** Readiness answers 503 from now on, while traffic is still served and liveness stays 200. */
  beginShutdown(): void;
  /** `change`: once for each edge of a check's status, and of the whole under the name `health`. */
  on<Name extends keyof HealthEvents>(
    name: Name,
    listener: (event: HealthEvents[Name]) => unknown,
  ): Unsubscribe;
}

/**
 * The health endpoints: `GET /` (everything), `/live`, `/ready`, `/startup` and `/check/:name` below where
 * it is mounted. Mount it before what may refuse, redirect or delay a probe: CORS, sessions, rate limits.
 *
 * @throws CacheHealthError `ERR_HEALTH_OPTION` for a wrong option.
 */
export function healthRouter(options?: HealthOptions): HealthRouter {
  return buildHealthRouter(parseHealthOptions(options), systemClock);
}

export function buildHealthRouter(config: HealthConfig, clock: Clock): HealthRouter {
  const events = new Emitter<HealthEvents>((error) => {
    process.emitWarning(
      `a health listener threw: ${errorText(error)}`,
      'ExpressCacheHealthWarning',
    );
  });
  const health = new Checker(config, clock, (change) => events.emit('change', change));
  function serveHealth(req: Request, res: Response, next: NextFunction): void {
    const isHead = req.method === 'HEAD';
    const answer = answerTo(health, config, req);
    if (answer === undefined) next();
    else if (!(answer instanceof Promise)) respond(res, answer, isHead);
    else {
      answer
        // Not thrown into the application: its error page would not be an answer to a probe.
        .catch(() => FAILED)
        .then((later) => respond(res, later, isHead))
        // Only what other middleware made of `res` can throw: a probe then sees a connection that ends.
        .catch(() => res.destroy());
    }
  }
  return Object.assign(serveHealth, {
    beginShutdown: () => health.beginShutdown(),
    on: <Name extends keyof HealthEvents>(
      name: Name,
      listener: (event: HealthEvents[Name]) => unknown,
    ): Unsubscribe => {
      if (name !== 'change') throw invalid(EVENT, "'change'", name);
      return events.on(name, parseFunction(LISTENER, listener));
    },
  });
}

const EVENT = { name: 'the event', code: 'ERR_HEALTH_OPTION' } as const;
const LISTENER = { name: 'the listener', code: 'ERR_HEALTH_OPTION' } as const;

const FAILED = {
  code: 503,
  contentType: 'application/json; charset=utf-8',
  body: '{"status":"error"}',
  headers: { Allow: ALLOWED },
};
