// What the benchmark asks of the tests' Redis server.

import { RedisServer } from '../../test/support/redis-server.js';

/** A server for many subjects at once. */
export function startRedis(): Promise<RedisServer> {
  return RedisServer.start({ args: ['--loglevel', 'warning', '--maxclients', '1000'] });
}

export async function keyCount(redis: RedisServer): Promise<number> {
  return Number(await redis.command('DBSIZE'));
}

/** How many commands of these names the server has run. */
export async function callCount(redis: RedisServer, names: readonly string[]): Promise<number> {
  const text = String(await redis.command('INFO', 'commandstats'));
  return names.reduce((sum, name) => {
    const found = new RegExp(`cmdstat_${name}:calls=(\\d+)`, 'i').exec(text);
    return sum + Number(found?.[1] ?? 0);
  }, 0);
}

/** Microseconds of processor that the server's main thread has used. */
export async function cpuMicros(redis: RedisServer): Promise<number> {
  const text = String(await redis.command('INFO', 'cpu'));
  const seconds = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const of = (name: string): number =>
    seconds(`used_cpu_${name}_main_thread`) ?? seconds(`used_cpu_${name}`) ?? Number.NaN;
  return (of('user') + of('sys')) * 1e6;
}
