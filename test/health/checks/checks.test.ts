import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import {
  type Cache,
  type CheckOptions,
  cacheRoundTripCheck,
  createCache,
  diskSpaceCheck,
  eventLoopCheck,
  heapCheck,
} from '../../../lib/index.js';

describe('the ready-made checks', () => {
  const context = { name: 'x', signal: new AbortController().signal };
  const run = async (options: CheckOptions): Promise<Record<string, unknown>> =>
    (await options.check(context)) as Record<string, unknown>;

  it('are never critical', () => {
    const cache = createCache({ redis: false });
    const all = [
      eventLoopCheck(),
      heapCheck(),
      diskSpaceCheck({ path: '/' }),
      cacheRoundTripCheck(cache),
    ];
    expect(all.map(({ critical }) => critical)).to.deep.equal([false, false, false, false]);
  });

  it('see a blocked event loop', async () => {
    const check = eventLoopCheck({ max: 50 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const until = performance.now() + 200;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const held = await run(check);
    expect(held).to.have.property('status', 'degraded');
    expect(held.delayMs).to.be.greaterThan(50);
  });

  it('see the heap and the disk', async () => {
    expect(await run(heapCheck({ maxPercent: 100 }))).to.have.property('status', 'up');
    const module = pathToFileURL(join(__dirname, '../../../lib/health/checks/heap-check.js'));
    const script = `import { heapCheck } from '${module}';
      console.log(JSON.stringify(heapCheck({ maxPercent: 1 }).check({})));`;
    const args = ['--max-old-space-size=16', '--input-type=module', '--eval', script];
    const full = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    expect(full.status).to.equal('degraded');
    expect(full.message).to.match(/^\d+ % of the heap is in use$/);
    expect(await run(diskSpaceCheck({ path: '/', minFreePercent: 1 }))).to.have.property(
      'freePercent',
    );
    expect(await run(diskSpaceCheck({ path: '/', minFreePercent: 100 }))).to.have.property(
      'status',
      'degraded',
    );
  });

  it('see whether a value makes the round trip', async () => {
    const cache = createCache({ redis: false });
    expect(await run(cacheRoundTripCheck(cache))).to.deep.equal({ status: 'up' });
    const deaf = { ...bare(cache), set: async () => 'deferred' as const };
    expect(await run(cacheRoundTripCheck({ cache: deaf }))).to.have.property('status', 'degraded');
    const forgetful = { ...bare(cache), get: async () => undefined };
    expect(await run(cacheRoundTripCheck(forgetful))).to.have.property(
      'message',
      'what was written did not come back',
    );
    expect((await cache.getMany(['health-round-trip'])).size).to.equal(0);
  });

  it('leave nothing in the journal of a cache whose Redis is away', async () => {
    const cache = createCache({ redis: 'redis://127.0.0.1:1', logger: false });
    await cache.get('x');
    const check = cacheRoundTripCheck(cache);
    for (let i = 0; i < 20; i++) expect((await run(check)).status).to.equal('degraded');
    expect(cache.status().journal.entries).to.equal(0);
    await cache.close();
  });

  it('refuse nonsense', () => {
    expect(() => heapCheck({ maxPercent: 101 })).to.throw(
      /maxPercent must be a whole number from 1 to 100/,
    );
    expect(() => eventLoopCheck({ max: 'x' as '1s' })).to.throw(/max must be/);
    expect(() => eventLoopCheck({ mx: '1s' } as object)).to.throw(/Did you mean 'max'/);
    expect(() => heapCheck({ maxPercnt: 1 } as object)).to.throw(/Did you mean 'maxPercent'/);
    const disk = { path: '/', minFree: 1 };
    expect(() => diskSpaceCheck(disk)).to.throw(/no option 'minFree'/);
    expect(() => diskSpaceCheck({} as typeof disk)).to.throw(/path must be a folder/);
  });
});

function bare(cache: Cache): Pick<Cache, 'set' | 'get' | 'delete'> {
  return {
    set: cache.set.bind(cache),
    get: cache.get.bind(cache),
    delete: cache.delete.bind(cache),
  };
}
