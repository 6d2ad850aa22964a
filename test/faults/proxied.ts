import { FaultProxy } from '../support/fault-proxy.js';
import { RedisServer } from '../support/redis-server.js';
import type { Stage } from './story.js';

/** A Redis behind a network that `begin` breaks and, unless told otherwise, `pass()` repairs. */
export function proxied(
  begin: (proxy: FaultProxy) => void | Promise<void>,
  end: (proxy: FaultProxy) => void | Promise<void> = (proxy) => proxy.pass(),
): () => Promise<Stage> {
  return async () => {
    const server = await RedisServer.start();
    const proxy = await FaultProxy.start(server.port);
    return {
      url: proxy.url,
      truthUrl: server.url,
      begin: async () => begin(proxy),
      end: async () => end(proxy),
      async close() {
        await proxy.close();
        await server.stop();
      },
    };
  };
}
