/* The other process of the measurement: reads entries again and again, and says what it was given. */
import { createCache } from '../../../lib/cache/create-cache.js';
import { sharedNow } from '../near/member.js';
import { readSome, type Seen, someKeys } from './entries.js';

/** What the parent asks. */
export type Order =
  | { readonly name: 'read'; readonly reads: number; readonly group?: number | undefined }
  /** Begins to read without a pause. */
  | { readonly name: 'watch' }
  /** How often it was given something that it asked for after this moment, and the last moment at which it was. */
  | { readonly name: 'seen'; readonly since: number };

export interface Watched extends Seen {
  /** When it last asked for what it was given (the clock that all processes share), in milliseconds. */
  readonly lastHitAt: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function main([redis = '', entries = '']: readonly string[]): Promise<void> {
  const count = Number(entries);
  const cache = createCache({ redis, logger: false, commandTimeout: '5s' });
  const batches: { readonly askedAt: number; readonly reads: number; readonly hits: number }[] = [];
  const watch = async (): Promise<never> => {
    for (;;) {
      const askedAt = sharedNow();
      const keys = someKeys(count, undefined);
      const hits = (await cache.getMany(keys)).size;
      batches.push({ askedAt, reads: keys.length, hits });
      await turn();
    }
  };
  const seenSince = (since: number): Watched => {
    const later = batches.filter(({ askedAt }) => askedAt > since);
    const sum = (name: 'reads' | 'hits'): number =>
      later.reduce((all, each) => all + each[name], 0);
    const lastHitAt = batches.findLast(({ hits }) => hits > 0)?.askedAt ?? 0;
    return { reads: sum('reads'), hits: sum('hits'), lastHitAt };
  };
  process.on('message', async (order: Order) => {
    if (order.name === 'watch') void watch();
    const answer =
      order.name === 'read'
        ? await readSome(cache, { count, ...order })
        : order.name === 'seen'
          ? seenSince(order.since)
          : { reads: 0, hits: 0 };
    process.send?.(answer);
  });
  process.on('disconnect', () => process.exit(0));
  while (cache.status().mode !== 'normal') await new Promise((resolve) => setTimeout(resolve, 5));
  process.send?.({ reads: 0, hits: 0 });
}

if (require.main === module) void main(process.argv.slice(2));
