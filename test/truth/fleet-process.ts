// A process with one cache, which does what the test says.
import { createCache } from '../../lib/index.js';
import type { Order } from './fleet.js';

const [options = '{}'] = process.argv.slice(2);
const lines: string[] = [];
const note = (line: string): void => void lines.push(line);
const cache = createCache({
  commandTimeout: 500,
  ...JSON.parse(options),
  logger: { info: note, warn: note, error: note },
});

/** Every value that the process was given for the key it watches. */
const seen = new Set<unknown>();

async function watch(key: string): Promise<void> {
  for (;;) {
    seen.add((await cache.get(key)) ?? null);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function obey({ name, args }: Order): Promise<unknown> {
  const [key = '', value] = args as [string?, unknown?];
  switch (name) {
    case 'get':
      return (await cache.get(key)) ?? null;
    case 'set':
      return cache.set(key, value);
    case 'delete':
      return cache.delete(key);
    case 'clear':
      return cache.clear(key);
    case 'status':
      return cache.status();
    case 'watch':
      void watch(key);
      return null;
    case 'seen':
      return [...seen];
    case 'lines':
      return lines;
  }
}

process.on('message', async (order: Order) => {
  process.send?.({ id: order.id, result: await obey(order) });
});

process.on('disconnect', () => process.exit());
