import { pathToFileURL } from 'node:url';
import type { Cache } from '../../../lib/index.js';
import type { RedisServer } from '../redis-server.js';
import { until } from '../wait.js';
import type { OldRelease } from './old-cache.js';

/** How long a process of 0.1 takes to hear of another generation. */
const BEAT_MS = 700;
const JOURNAL = 10;

/** Where release 0.1 is installed: `…/node_modules/express-cache-health`. Nobody has it unless he says so. */
export const INSTALLED: string | undefined = process.env.RELEASE_0_1;

/** A real cache of release 0.1, to compare the imitation with. */
export async function installedCache(
  folder: string,
  redis: RedisServer,
  prefix: string,
): Promise<OldRelease> {
  const { createCache } = (await import(
    pathToFileURL(`${folder}/dist/index.js`).href
  )) as typeof import('../../../lib/index.js');
  const options = { redis: redis.url, prefix, logger: false, journal: { max: JOURNAL } } as const;
  const cache: Cache = createCache({ ...options, memory: false, commandTimeout: 300 });
  const isUp = (): Promise<void> => until(() => cache.status().status === 'up', '0.1 is up');
  await isUp();
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    clear: (start) => cache.clear(start === undefined ? undefined : `${start}*`),
    getOrSet: (key, load) => cache.getOrSet(key, load),
    overflow: async () => {
      redis.hang();
      await until(async () => {
        await cache.get('any');
        return cache.status().status !== 'up';
      }, '0.1 notices the hang');
      for (let i = 0; i <= JOURNAL; i++) await cache.delete(`overflow:${i}`);
      redis.thaw();
      await isUp();
    },
    beat: () => new Promise((resolve) => setTimeout(resolve, BEAT_MS)),
    close: () => cache.close(),
  };
}
