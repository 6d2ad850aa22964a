import { once } from 'node:events';
import { createServer } from 'node:net';
import { ensureRedisServer, startRedisServer } from '../../scripts/redis-server.mjs';
import { answersPing } from './ping.js';

export interface PrivateRedis {
  readonly pid: number;
  readonly port: number;
  stop(): void;
}

/**
 * A redis-server of the app's own, on a free loopback port, saving nothing to disk. The repository's script starts
 * it, as it does for the tests; an app of yours has its own Redis.
 *
 * @throws Error, saying what to run, when there is no redis-server and none can be installed.
 */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  const program = ensureRedisServer({ log: console.log });
  const port = await freePort();
  const answers = (): Promise<boolean> => answersPing(port, '127.0.0.1');
  // A process group of its own: Ctrl-C reaches the app alone, which ends its Redis last.
  const child = await startRedisServer({ program, port, answers, isDetached: true });
  return { pid: child.pid as number, port, stop: () => void child.kill('SIGKILL') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
