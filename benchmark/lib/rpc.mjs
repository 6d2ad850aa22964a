// Talking to child processes: one request, one answer, over node's own IPC channel.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs } from './children.mjs';

/**
 * Starts a worker and returns a function that calls its operations. The worker dies with its parent.
 *
 * @param {string} file relative to `benchmark/workers/`
 * @param {{ execArgv?: string[], env?: Record<string, string> }} [options]
 */
export function startWorker(file, options = {}) {
  const path = fileURLToPath(new URL(`../workers/${file}`, import.meta.url));
  const child = fork(path, [], {
    execArgv: options.execArgv ?? [],
    env: { ...process.env, ...options.env },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  endWithUs(child);
  const waiting = new Map();
  let lastId = 0;
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4_000);
  });
  child.on('message', ({ id, result, error }) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`${file}: ${error}`));
  });
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      const error = new Error(`${file} ended (${signal ?? code}): ${errors}`);
      for (const call of waiting.values()) call.reject(error);
      waiting.clear();
      resolve({ code, signal, errors });
    });
  });
  return {
    pid: child.pid,
    ended,
    /** What the worker wrote to stderr last. */
    errors: () => errors,
    call(op, args = {}) {
      if (!child.connected) return Promise.reject(new Error(`${file} has ended: ${errors}`));
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, op, args });
      });
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * The other end: answers calls until the parent goes away.
 *
 * @param {Record<string, (args: any) => unknown>} operations
 */
export function serve(operations) {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ id, op, args }) => {
    try {
      process.send({ id, result: await operations[op](args) });
    } catch (error) {
      process.send({ id, error: error?.stack ?? String(error) });
    }
  });
}
