import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

type Script = typeof import('../../scripts/redis-server.mjs', { with: {
  'resolution-mode': 'import',
}});

export interface RedisProgram {
  readonly path: string;
  /** Such as `7.0.15`. */
  readonly version: string;
  /** Of the version, as in 7.0.15. */
  readonly major: number;
  /** Starts it: the one way in this repository. */
  readonly start: Script['startRedisServer'];
}

let found: Promise<RedisProgram> | undefined;

/** The redis-server or valkey-server that `npm test` has found, or an error that says how to get one. */
export function redisProgram(): Promise<RedisProgram> {
  found ??= find();
  return found;
}

async function find(): Promise<RedisProgram> {
  // By the working folder: the compiled tests may lie anywhere, and mocha starts in the root.
  const script = pathToFileURL(resolve('scripts/redis-server.mjs')).href;
  const { findRedisServer, startRedisServer }: Script = await import(script);
  const path = findRedisServer();
  if (path === undefined) {
    throw new Error('There is no redis-server on the PATH. Run: node scripts/redis-server.mjs');
  }
  const said = execFileSync(path, ['--version'], { encoding: 'utf8' });
  const version = /v=(\S+)/.exec(said)?.[1] ?? '0';
  return { path, version, major: Number.parseInt(version, 10), start: startRedisServer };
}
