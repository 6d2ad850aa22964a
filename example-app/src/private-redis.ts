import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureRedisServer } from '../../scripts/redis-server.mjs';
import { answersPing } from './ping.js';

export interface PrivateRedis {
  readonly pid: number;
  readonly port: number;
  stop(): void;
}

/**
 * A redis-server of the app's own, on a free loopback port, saving nothing to disk.
 *
 * @throws Error, saying what to run, when there is no redis-server and none can be installed.
 */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  const program = ensureRedisServer({ log: console.log });
  const port = await freePort();
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  // A process group of its own: Ctrl-C reaches the app alone, which ends its Redis last.
  const child = spawn(program, settings, { detached: true, stdio: 'ignore' });
  const stop = () => void child.kill('SIGKILL');
  process.once('exit', stop);
  await untilItAnswers(child, port);
  return { pid: child.pid as number, port, stop };
}

async function untilItAnswers(child: ChildProcess, port: number): Promise<void> {
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`redis-server ended at once with code ${code}.`);
  });
  failed.catch(() => {});
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await Promise.race([answersPing(port, '127.0.0.1'), failed])) return;
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new Error('redis-server did not answer within 10 s.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
