// A process of the fleet: its cache answers stampedes that the test orders.
import { createCache } from '../../lib/index.js';
import type { Stampede } from './fleet.js';

const [url = '', name = ''] = process.argv.slice(2);
const cache = createCache({ redis: url, logger: false, commandTimeout: '2s' });

cache.on('modechange', ({ to }) => {
  if (to === 'normal') process.send?.({ type: 'ready' });
});

process.on('message', async ({ key, callers, loadMs }: Stampede) => {
  let loads = 0;
  let slowestMs = 0;
  const loader = async (): Promise<string> => {
    loads++;
    process.send?.({ type: 'loading' });
    await new Promise((resolve) => setTimeout(resolve, loadMs));
    return name;
  };
  const ask = async (): Promise<string> => {
    const startedAt = performance.now();
    const value = await cache.getOrSet(key, loader);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    return value;
  };
  const values = await Promise.all(Array.from({ length: callers }, ask));
  const distinct = [...new Set(values)];
  process.send?.({ type: 'done', answers: values.length, loads, slowestMs, values: distinct });
});

process.on('disconnect', () => process.exit());
