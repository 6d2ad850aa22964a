import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { HealthMetrics } from '../../api/metrics.js';
import { Emitter, type Unsubscribe } from '../../core/emitter.js';
import { errorText } from '../../core/redact/redact.js';
import type { Clock } from '../../core/time/clock.js';
import { invalid, parseFunction } from '../../core/validate.js';
import { Checker } from '../checker/checker.js';
import type { HealthConfig } from '../options.js';
import type { LivePage } from '../page/live-page.js';
import type { HealthChange } from '../types.js';
import { answerTo, cacheOf } from './dispatch.js';
import { respond } from './respond.js';
import { problem } from './routes.js';

/** The events of a health router. */
export interface HealthEvents {
  readonly change: HealthChange;
}

/** The endpoints, their events, and the start of a shutdown. */
export interface HealthRouter extends RequestHandler {
  /** Readiness answers 503 from now on, while traffic is still served and liveness stays 200. */
  beginShutdown(): void;
  /** For exporters: the status of the service and of each check. Runs those whose verdict is older than `maxAge`. */
  metrics(): Promise<HealthMetrics>;
  /** `change`: one event for each change of a check's status, and of the whole under the name `health`. */
  on<Name extends keyof HealthEvents>(
    name: Name,
    listener: (event: HealthEvents[Name]) => unknown,
  ): Unsubscribe;
}

/** The router behind `healthRouter()`. */
export function buildHealthRouter(config: HealthConfig, clock: Clock): HealthRouter {
  const events = new Emitter<HealthEvents>((error) => {
    process.emitWarning(
      `a health listener threw: ${errorText(error)}`,
      'ExpressCacheHealthWarning',
    );
  });
  const checker = new Checker(config, clock, (change) => {
    page?.watch.changed(change);
    events.emit('change', change);
  });
  let seen = config.cache;
  const page = config.ui ? livePage({ checker, clock, cache: () => seen }) : undefined;
  page?.start();
  function serveHealth(req: Request, res: Response, next: NextFunction): void {
    const isHead = req.method === 'HEAD';
    seen ??= cacheOf(req);
    const answer = answerTo(req, { checker, page }, config);
    if (answer === undefined) next();
    else if (!(answer instanceof Promise)) respond(res, answer, isHead);
    else {
      answer
        // It is not thrown into the application, whose error page would not be an answer to a probe.
        .catch(() => FAILED)
        .then((later) => respond(res, later, isHead))
        // Only a `res` that other middleware changed can throw. The probe then sees a connection that ends.
        .catch(() => res.destroy());
    }
  }
  return Object.assign(serveHealth, {
    beginShutdown: () => {
      checker.beginShutdown();
      page?.endStreams();
    },
    metrics: () => checker.metrics(config.cache),
    on: <Name extends keyof HealthEvents>(
      name: Name,
      listener: (event: HealthEvents[Name]) => unknown,
    ): Unsubscribe => {
      if (name !== 'change') throw invalid(EVENT, "'change'", name);
      return events.on(name, parseFunction(LISTENER, listener));
    },
  });
}

/** Loaded only if there is a page. */
function livePage(parts: ConstructorParameters<typeof LivePage>[0]): LivePage {
  const page = require('../page/live-page.js') as typeof import('../page/live-page.js');
  return new page.LivePage(parts);
}

const EVENT = { name: 'the event', code: 'ERR_HEALTH_OPTION' } as const;
const LISTENER = { name: 'the listener', code: 'ERR_HEALTH_OPTION' } as const;
const FAILED = problem(503);
