// Finds a redis-server (or valkey-server), and installs one where the system's package manager may be used.
//
//   node scripts/redis-server.mjs     prints what it found or installed, or says what to type and fails
import { pathToFileURL } from 'node:url';
import { ensureCommand, findCommand } from './system-package.mjs';

const NAMES = ['redis-server', 'valkey-server'];

/** The path of a redis-server on the PATH, or undefined. */
export function findRedisServer() {
  return findCommand(NAMES);
}

/**
 * Finds a redis-server or installs one, saying so through `log`. Throws an error that says exactly what to
 * type where it may not.
 */
export function ensureRedisServer({ log = console.log } = {}) {
  return ensureCommand({ names: NAMES, apt: ['redis-server'], brew: ['redis'], log });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(`redis-server: ${ensureRedisServer()}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
