// The tests' faulty proxy in a process of its own, so that it is not slow when others are.

import { FaultProxy } from '../../test/support/fault-proxy.js';
import { serve } from '../lib/rpc.js';

let proxy: FaultProxy;

const operations = {
  /** Resolves to its port. */
  async start({ target }: { target: number }): Promise<number> {
    proxy = await FaultProxy.start(target);
    return proxy.port;
  },
  pass: () => proxy.pass(),
  blackhole: () => proxy.blackhole(),
  lose: () => proxy.lose(),
  refuse: () => proxy.refuse(),
  slow: ({ ms }: { ms: number }) => proxy.slow(ms),
};

export type ProxyOperations = typeof operations;
serve(operations);
