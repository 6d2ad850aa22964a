import { expect } from 'chai';
import { FaultProxy } from './fault-proxy.js';
import { RawClient } from './raw-client.js';
import { RedisServer } from './redis-server.js';

/** A Redis, a proxy before it that is new in each test, and clients that the proxy cannot hurt. */
export class ProxyBench {
  redis!: RedisServer;
  proxy!: FaultProxy;
  #clients: RawClient[] = [];

  async open(): Promise<void> {
    this.redis = await RedisServer.start();
  }

  async close(): Promise<void> {
    await this.redis.stop();
  }

  async reset(): Promise<void> {
    await this.redis.command('FLUSHALL');
    this.proxy = await FaultProxy.start(this.redis.port);
  }

  async clear(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.proxy.close();
  }

  /** A connection that has been answered. */
  async connect(): Promise<RawClient> {
    const client = await this.dial();
    expect(await client.ask('PING')).to.equal('PONG');
    return client;
  }

  async dial(): Promise<RawClient> {
    const client = await RawClient.connect(this.proxy.port);
    this.#clients.push(client);
    return client;
  }

  /** What `told` settles with by then, or 'nothing'. Time enough for everything that is not held back. */
  async byNow(told: Promise<unknown>): Promise<unknown> {
    const detours = async (): Promise<string> => {
      for (let i = 0; i < 5; i++) await this.redis.command('PING');
      return 'nothing';
    };
    return Promise.race([told, detours()]);
  }
}
