import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Application, Request, Response } from 'express';
import type { Fill } from './fill.js';
import type { FillOutcome } from './record.js';

/**
 * Whether a request is a copy that `responseCache({ swr })` made to refresh a stored answer. Middleware that counts
 * or limits visitors can skip it: `skip: (req) => req[isRefresh] === true`. No client can set it.
 */
export const isRefresh: unique symbol = Symbol.for('express-cache-health.refresh');

interface Job {
  readonly key: string;
  readonly reached: (fill: Fill) => void;
}

const jobs = new WeakMap<object, Job>();

/** The job of a request that is a copy, if it is for this key. */
export function jobOf(req: Request, key: string): Job | undefined {
  const job = jobs.get(req);
  return job?.key === key ? job : undefined;
}

export interface RefreshOrder {
  readonly req: Request;
  readonly key: string;
  /** The names of the headers that the copy gets; absent: all. */
  readonly names: readonly string[] | undefined;
}

/** Sends a copy of a request through the whole application. Resolves with what became of its answer. */
export function refresh({ req, key, names }: RefreshOrder): Promise<FillOutcome> {
  const socket = deafSocket(req.socket);
  const copy = new IncomingMessage(socket);
  copy.method = 'GET';
  copy.url = req.originalUrl;
  copy.headers = copiedHeaders(req, names);
  copy.push(null);
  const answer = new ServerResponse(copy);
  answer.assignSocket(socket);
  return new Promise((resolve) => {
    // Middleware above the cache may answer by itself, such as a rate limiter.
    answer.once('close', () => resolve({ kind: 'failed', status: answer.statusCode }));
    answer.once('finish', () => socket.destroy());
    jobs.set(copy, { key, reached: (fill) => resolve(fill.outcome) });
    Object.assign(copy, { [isRefresh]: true });
    rootOf(req.app)(copy as Request, answer as Response);
  });
}

function deafSocket(of: Socket): Socket {
  const { remoteAddress } = of;
  const { encrypted } = of as { encrypted?: boolean };
  const socket = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done();
    },
  });
  return Object.assign(socket, { remoteAddress, encrypted }) as unknown as Socket;
}

/** Without validators and ranges, so that the answer is whole. */
function copiedHeaders(
  { headers }: Request,
  names: readonly string[] | undefined,
): IncomingMessage['headers'] {
  const kept = Object.entries(headers).filter(([name]) => {
    return names === undefined ? !PARTIAL.test(name) : names.includes(name) || ALWAYS.test(name);
  });
  return Object.fromEntries(kept);
}

const PARTIAL = /^(?:if-|range$|cache-control$|pragma$|content-|transfer-encoding$)/;
const ALWAYS = /^(?:host|forwarded|x-forwarded-(?:host|proto|for))$/;

function rootOf(app: Application): (req: Request, res: Response) => void {
  let root = app as Application & { parent?: Application };
  while (root.parent !== undefined) root = root.parent;
  return root as unknown as (req: Request, res: Response) => void;
}
