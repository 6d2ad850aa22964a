import type { RedisClientLike } from './client.js';

/** The events of a node-redis client that this package uses. */
export interface ClientListener {
  onError?(error: unknown): void;
  /** The client lost its connection, or was closed. */
  onEnd?(): void;
  onReady?(): void;
  /** A key that the client tracks was changed; `null`: all of them. */
  onInvalidate?(key: unknown): void;
}

const hubs = new WeakMap<RedisClientLike, ClientHub>();

/**
 * Listens to a client. The returned function ends it. If several caches share a client, it has one listener of
 * ours for each event, and none after the last cache has left.
 */
export function listenTo(client: RedisClientLike, listener: ClientListener): () => void {
  let hub = hubs.get(client);
  if (hub === undefined) {
    hub = new ClientHub(client);
    hubs.set(client, hub);
  }
  return hub.add(listener);
}

class ClientHub {
  readonly #client: RedisClientLike;
  readonly #listeners = new Set<ClientListener>();
  readonly #events: readonly (readonly [string, (...args: unknown[]) => void])[] = [
    ['error', (error) => this.#tell((listener) => listener.onError?.(error))],
    ['reconnecting', () => this.#tell((listener) => listener.onEnd?.())],
    ['end', () => this.#tell((listener) => listener.onEnd?.())],
    ['ready', () => this.#tell((listener) => listener.onReady?.())],
    ['invalidate', (key) => this.#tell((listener) => listener.onInvalidate?.(key))],
  ];

  constructor(client: RedisClientLike) {
    this.#client = client;
  }

  add(listener: ClientListener): () => void {
    if (this.#listeners.size === 0)
      for (const [event, act] of this.#events) this.#client.on(event, act);
    this.#listeners.add(listener);
    return () => this.#remove(listener);
  }

  #remove(listener: ClientListener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    for (const [event, act] of this.#events) this.#client.off(event, act);
  }

  /** A listener that is added or removed during an event affects the next one. */
  #tell(act: (listener: ClientListener) => void): void {
    for (const listener of [...this.#listeners]) act(listener);
  }
}
