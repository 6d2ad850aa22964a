import {
  type CacheMiddleware,
  type CacheOptions,
  cacheMiddleware,
  type ModeChange,
} from '../../lib/index.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { isStartLine } from '../support/log-lines.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

/** What a cache told while the scene lasted. */
export class Witness {
  readonly errors: string[] = [];
  readonly infos: string[] = [];
  readonly warnings: string[] = [];
  readonly changes: ModeChange[] = [];
  readonly logger = {
    info: (line: string): void => {
      if (!isStartLine(line)) this.infos.push(line);
    },
    warn: (line: string): void => void this.warnings.push(line),
    error: (line: string): void => void this.errors.push(line),
  };
}

/** A Redis behind a breakable network, and caches in normal mode before it. */
export class Scene {
  readonly server: RedisServer;
  readonly proxy: FaultProxy;
  readonly #middlewares: CacheMiddleware[] = [];

  private constructor(server: RedisServer, proxy: FaultProxy) {
    this.server = server;
    this.proxy = proxy;
  }

  static async open(...args: string[]): Promise<Scene> {
    const server = await RedisServer.start({ args });
    return new Scene(server, await FaultProxy.start(server.port));
  }

  /** A cache behind the proxy, connected. */
  async join(options: CacheOptions = {}): Promise<CacheMiddleware & { readonly witness: Witness }> {
    const witness = new Witness();
    const middleware = cacheMiddleware({
      redis: this.proxy.url,
      logger: witness.logger,
      ...options,
    });
    this.#middlewares.push(middleware);
    await isUp(middleware);
    middleware.cache.on('modechange', (change) => witness.changes.push(change));
    return Object.assign(middleware, { witness });
  }

  async close(): Promise<void> {
    for (const { cache } of this.#middlewares) await cache.close();
    await this.proxy.close();
    await this.server.stop();
  }
}

export function isUp({ cache }: CacheMiddleware): Promise<void> {
  return until(() => cache.status().status === 'up', 'the cache is up');
}

export function isDegraded({ cache }: CacheMiddleware): Promise<void> {
  return until(() => cache.status().status === 'degraded', 'the cache is degraded');
}
