// Finds a redis-server (or valkey-server), and installs one where the system's package manager may be used.
//
//   node scripts/redis-server.mjs     prints what it found or installed, or says what to type and fails
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
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
