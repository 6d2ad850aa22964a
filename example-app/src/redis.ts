import { answersPing } from './ask-redis.js';
import type { BreakableRedis } from './break-redis.js';
import { PrivateCluster } from './private-cluster.js';
import { PrivateRedis } from './private-redis.js';

const LOCAL_URL = 'redis://localhost:6379';

/** Which Redis the app uses, and how it was found. */
export interface FoundRedis {
  readonly url: string;
  /** One line for the banner; never the URL as given, which may hold a password. */
  readonly description: string;
  /** The app's own; absent if the app did not start it. */
  readonly own?: BreakableRedis;
}

/**
 * `REDIS_URL`, else a Redis that answers on localhost:6379, else a private one; `private` asks for that, and
 * `cluster` for a private Redis Cluster.
 */
export async function findRedis(redisUrl: string | undefined): Promise<FoundRedis> {
  if (redisUrl === 'cluster') return startCluster();
  if (redisUrl !== undefined && redisUrl !== 'private') {
    return external(redisUrl, `Redis at ${hostOf(redisUrl)} (REDIS_URL)`);
  }
  if (redisUrl === undefined && (await answersPing(6379, 'localhost'))) {
    return external(LOCAL_URL, `Redis found at ${hostOf(LOCAL_URL)}`);
  }
  return (await startPrivate()) ?? external(LOCAL_URL, `none; the app watches ${LOCAL_URL}`);
}

function external(url: string, description: string): FoundRedis {
  return { url, description };
}

async function startPrivate(): Promise<FoundRedis | undefined> {
  try {
    const own = await PrivateRedis.start();
    const description = `a private redis-server, pid ${own.pid}, port ${own.port}, ended with this app`;
    return { url: `redis://127.0.0.1:${own.port}`, description, own };
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    return undefined;
  }
}

async function startCluster(): Promise<FoundRedis> {
  const own = await PrivateCluster.start();
  const description = 'a private Redis Cluster of 3 primaries and 3 replicas, ended with this app';
  return { url: own.url, description, own };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is not a URL';
}
