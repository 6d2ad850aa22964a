// Finds a redis-server (or valkey-server), installs one where the system's package manager may be used, and starts
// it. The tests, the benchmark and the example start their Redis here and nowhere else.
//
//   node scripts/redis-server.mjs     prints what it found or installed, or says what to type and fails
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureCommand, findCommand } from './system-package.mjs';

const NAMES = ['redis-server', 'valkey-server'];

/** The path of a redis-server on the PATH, or undefined. */
export function findRedisServer() {
  return findCommand(NAMES);
}

/**
 * Finds a redis-server or installs one, saying so through `log`, and returns its path. Throws an error that says
 * exactly what to type where it may not.
 */
export function ensureRedisServer({ log = console.log } = {}) {
  const packages = { apt: ['redis-server'], brew: ['redis'], service: 'redis-server' };
  return ensureCommand({ names: NAMES, ...packages, log });
}

/** How often a server that is starting is asked whether it answers, and for how long. */
const ASK_EVERY_MS = 10;
const GIVE_UP_AFTER_MS = 10_000;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a server on a port of the loopback interface. It saves nothing to disk and ends with this process.
 * Resolves to its child process when `answers(child)` resolves to true. Throws when the server ends before that:
 * the message ends with the last lines of the file `log`, where one is given.
 */
export async function startRedisServer({
  program,
  port,
  answers,
  args = [],
  config,
  log,
  env = {},
  isDetached = false,
}) {
  const place = ['--port', `${port}`, '--bind', '127.0.0.1'];
  // A configuration file stands first, and says itself what is saved.
  const file = config === undefined ? [] : [config];
  const volatile = config === undefined ? ['--save', '', '--appendonly', 'no'] : [];
  // A file, because a pipe would be one more handle of this process.
  const output = log === undefined ? 'ignore' : openSync(log, 'w');
  const child = spawn(program, [...file, ...place, ...volatile, ...args], {
    detached: isDetached,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  });
  if (log !== undefined) closeSync(output);
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  await untilItAnswers(child, answers, log);
  return child;
}

async function untilItAnswers(child, answers, log) {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
  while (true) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || child.pid === undefined) throw new Error(whyItEnded(child, log));
    if (await answers(child)) return;
    if (performance.now() > giveUpAt) {
      child.kill('SIGKILL');
      throw new Error(`redis-server did not answer within ${GIVE_UP_AFTER_MS / 1_000} s.`);
    }
    await sleep(ASK_EVERY_MS);
  }
}

function whyItEnded(child, log) {
  const text = log === undefined ? '' : readFileSync(log, 'utf8').trim();
  const lines = text === '' ? `with code ${child.exitCode}` : text.split('\n').slice(-5).join('\n');
  return `redis-server ended at once:\n${lines}`;
}

/** What the program says of its version, such as `7.0.15`. */
function versionOf(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(stdout ?? '')?.[1] ?? 'of unknown version';
}

/** Whether this file was started, by whatever name, and not imported. */
function isMain() {
  try {
    return realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url);
  } catch {
    // Started by a name without its extension, or with `--eval`: then it was something else.
    return false;
  }
}

if (isMain()) {
  try {
    const path = ensureRedisServer();
    console.log(`redis-server: ${path} ${versionOf(path)}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
