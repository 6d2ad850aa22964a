// The little that the benchmark uses of packages that only `benchmark/package.json` installs, so that it compiles
// with the tests where they are not installed.

declare module 'hdr-histogram-js' {
  export interface Histogram {
    recordValue(value: number): void;
    getValueAtPercentile(percentile: number): number;
  }
  export function build(request: {
    lowestDiscernibleValue: number;
    highestTrackableValue: number;
    numberOfSignificantValueDigits: 1 | 2 | 3 | 4 | 5;
  }): Histogram;
}

declare module 'ioredis' {
  export class Redis {
    constructor(options: object);
    on(event: string, listener: (...args: unknown[]) => void): this;
    get(key: string): Promise<string | null>;
    set(key: string, value: string, unit: 'PX', ms: number): Promise<unknown>;
    del(key: string): Promise<number>;
    disconnect(): void;
  }
}

declare module 'apicache' {
  import type { RequestHandler } from 'express';

  interface Apicache {
    newInstance(options: object): Apicache;
    middleware(duration: string): RequestHandler;
  }
  const apicache: Apicache;
  export default apicache;
}

declare module 'bentocache' {
  interface Store {
    useL1Layer(driver: unknown): Store;
    useL2Layer(driver: unknown): Store;
    useBus(driver: unknown): Store;
  }
  export class BentoCache {
    constructor(options: object);
    get(options: { key: string }): Promise<unknown>;
    getOrSet(options: { key: string; factory: () => Promise<unknown> }): Promise<unknown>;
    set(options: { key: string; value: unknown }): Promise<unknown>;
    delete(options: { key: string }): Promise<unknown>;
  }
  export function bentostore(): Store;
}

declare module 'bentocache/drivers/memory' {
  export function memoryDriver(options: { maxItems: number }): unknown;
}

declare module 'bentocache/drivers/redis' {
  export function redisDriver(options: object): unknown;
  export function redisBusDriver(options: object): unknown;
}

declare module '@keyv/redis' {
  export interface KeyvStore {
    readonly store?: {
      readonly client?: {
        on?(event: string, listener: () => void): void;
        destroy?(): void;
      };
    };
    on(event: string, listener: () => void): void;
  }
  export function createKeyv(url: string): KeyvStore;
  export function createKeyvNonBlocking(client: object, options: object): KeyvStore;
}

declare module 'cacheable' {
  import type { KeyvStore } from '@keyv/redis';
  export function createKeyv(options: { lruSize: number }): KeyvStore;
  export class Cacheable {
    constructor(options: object);
    on(event: string, listener: () => void): void;
    get(key: string): Promise<unknown>;
    getOrSet(key: string, load: () => Promise<unknown>, options: object): Promise<unknown>;
    set(key: string, value: unknown): Promise<unknown>;
    delete(key: string): Promise<unknown>;
  }
}

declare module 'cache-manager' {
  export function createCache(options: object): {
    get(key: string): Promise<unknown>;
    wrap(key: string, load: () => Promise<unknown>): Promise<unknown>;
    set(key: string, value: unknown): Promise<unknown>;
    del(key: string): Promise<unknown>;
  };
}

declare module 'async-cache-dedupe' {
  export function createCache(options: object): {
    define(name: 'load', load: (key: string) => Promise<unknown>): void;
    load(key: string): Promise<unknown>;
    clear(name: 'load', key: string): Promise<unknown>;
  };
}
