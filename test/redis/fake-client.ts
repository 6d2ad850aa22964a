import { EventEmitter } from 'node:events';
import type { RedisClientLike } from '../../lib/redis/connection/client.js';

interface Sent {
  readonly args: readonly (string | Buffer)[];
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/** A node-redis client that the test plays. */
export class FakeClient extends EventEmitter implements RedisClientLike {
  isReady = true;
  isOpen = true;
  destroyed = 0;
  readonly sent: Sent[] = [];
  connectWith: () => Promise<unknown> = () => Promise.resolve();

  connect(): Promise<unknown> {
    return this.connectWith();
  }

  destroy(): void {
    this.destroyed++;
    this.isReady = false;
  }

  sendCommand(args: readonly (string | Buffer)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.sent.push({ args, resolve, reject });
    });
  }

  /** How many listeners it has in all. */
  get listenersInAll(): number {
    return this.eventNames().reduce((sum, name) => sum + this.listenerCount(name), 0);
  }
}

/** As node-redis names what Redis answered with an error. */
export class ErrorReply extends Error {}
