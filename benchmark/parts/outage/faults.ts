import type { RedisServer } from '../../../test/support/redis-server.js';
import type { Worker } from '../../lib/rpc.js';
import { sleep } from '../../lib/time.js';
import type { ProxyOperations } from '../../workers/proxy.js';

/** What a fault breaks. The proxy is there for the faults that want one. */
export interface Breakable {
  readonly redis: RedisServer;
  readonly proxy: Worker<ProxyOperations>;
}

/** How a fault begins and ends. */
export interface Fault {
  readonly isProxied?: boolean;
  /** It is there before the application starts. */
  readonly isFromBoot?: boolean;
  begin(world: Breakable): unknown;
  end(world: Breakable): unknown;
}

const SLOW_MS = 100;
const FLAP_EVERY_MS = 400;

const pass = ({ proxy }: Breakable): Promise<void> => proxy.call('pass');

/** Faults that no proxy is needed for do without. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  kill: { begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.restart({ empty: true }) },
  hang: { begin: ({ redis }) => redis.hang(), end: ({ redis }) => redis.thaw() },
  blackhole: { isProxied: true, begin: ({ proxy }) => proxy.call('blackhole'), end: pass },
  lost: lost(),
  slow: {
    isProxied: true,
    begin: ({ proxy }) => proxy.call('slow', { ms: SLOW_MS }),
    end: pass,
  },
  flapping: flapping(),
  refused: {
    isProxied: true,
    isFromBoot: true,
    begin: ({ proxy }) => proxy.call('refuse'),
    end: pass,
  },
};

/** Connections that are there, or are made while it lasts, never work again. */
function lost(): Fault {
  return {
    isProxied: true,
    async begin({ proxy }) {
      await proxy.call('blackhole');
      await proxy.call('lose');
    },
    async end({ proxy }) {
      await proxy.call('lose');
      await proxy.call('pass');
    },
  };
}

/** Cut and repaired again and again. */
function flapping(): Fault {
  let isOver = false;
  let done: Promise<void> | undefined;
  const flap = async (proxy: Worker<ProxyOperations>): Promise<void> => {
    for (let isUp = false; !isOver; isUp = !isUp) {
      await proxy.call(isUp ? 'pass' : 'refuse');
      await sleep(FLAP_EVERY_MS);
    }
  };
  return {
    isProxied: true,
    begin({ proxy }) {
      isOver = false;
      // The process of the proxy may end before.
      done = flap(proxy).catch(() => {});
    },
    async end({ proxy }) {
      isOver = true;
      await done;
      await proxy.call('refuse');
      await proxy.call('pass');
    },
  };
}
