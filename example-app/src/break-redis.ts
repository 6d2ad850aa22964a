import { type Request, type RequestHandler, Router } from 'express';

/** A Redis that the app has started, and may break. */
export interface BreakableRedis {
  /** What is broken, in words. */
  readonly what: string;
  readonly state: 'running' | 'frozen' | 'stopped';
  kill(): Promise<void>;
  freeze(): void | Promise<void>;
  start(): Promise<void>;
  /** Ends everything that was started. */
  stop(): Promise<void>;
}

/**
 * Lets the page kill, freeze and start the app's own Redis. An application of yours has nothing like this. Only
 * pages of this app, on this machine, may use it.
 */
export function redisButtons(redis: BreakableRedis | undefined): Router {
  const router = Router();
  router.get(
    '/',
    (_req, res) => void res.json({ state: redis?.state ?? 'foreign', what: redis?.what }),
  );
  router.post('/:action', onlyFromHere, async (req, res) => {
    const action = ACTIONS.get(String(req.params.action));
    if (redis === undefined) {
      const error = "This Redis is not the app's own. Start with: REDIS_URL=private npm start";
      return void res.status(409).json({ error });
    }
    if (action === undefined) {
      return void res
        .status(404)
        .json({ error: `the actions are ${[...ACTIONS.keys()].join(', ')}` });
    }
    await action(redis);
    res.json({ state: redis.state, what: redis.what });
  });
  return router;
}

const ACTIONS: ReadonlyMap<string, (redis: BreakableRedis) => unknown> = new Map([
  ['kill', (redis: BreakableRedis) => redis.kill()],
  ['freeze', (redis: BreakableRedis) => redis.freeze()],
  ['start', (redis: BreakableRedis) => redis.start()],
]);

const onlyFromHere: RequestHandler = (req, res, next) => {
  if (isFromHere(req)) next();
  else res.status(403).json({ error: 'Only a page of this app on this machine may do that.' });
};

const HERE = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/**
 * The socket tells the machine. The host tells that no foreign name leads here, and the origin that no foreign
 * page sends the request.
 */
function isFromHere({ socket, headers: { host = '', origin } }: Request): boolean {
  const isOwnPage = origin === undefined || origin === `http://${host}`;
  return LOOPBACK.test(socket.remoteAddress ?? '') && HERE.test(host) && isOwnPage;
}
