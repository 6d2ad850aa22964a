import { format } from 'node:util';
import { expect } from 'chai';
import type { Cache, CacheOptions, Logger, ModeChange } from '../../lib/index.js';
import { isDegraded, isUp, Stand } from './stand.js';

type Line = readonly [level: keyof Logger, message: string];

describe('integration: the log', () => {
  let stand: Stand;
  let lines: Line[];
  beforeEach(async () => {
    stand = await Stand.start();
    lines = [];
  });
  afterEach(() => stand.stop());

  const logger: Logger = {
    info: (message) => void lines.push(['info', message]),
    warn: (message) => void lines.push(['warn', message]),
    error: (message) => void lines.push(['error', message]),
  };

  async function open(options: CacheOptions = {}): Promise<Cache> {
    return stand.cache({ logger, ...options });
  }

  async function outage(cache: Cache): Promise<void> {
    await stand.redis.kill();
    await isDegraded(cache);
    for (let i = 0; i < 50; i++) await cache.getOrSet(`k:${i}`, () => i);
    await stand.redis.restart();
    await isUp(cache);
  }

  it('one info line at the start, one error line and one info line for each outage, and nothing else', async () => {
    const prefix = stand.prefix();
    const cache = await open({ prefix });
    for (let i = 0; i < 20; i++) await cache.getOrSet(`k:${i}`, () => i);
    const at = `Redis (redis://127.0.0.1:${stand.redis.port})`;
    const started = `[express-cache-health] ${at} serves, with the prefix '${prefix}'.`;
    expect(lines).to.deep.equal([['info', started]]);
    await outage(cache);
    expect(lines.slice(1).map(([level]) => level)).to.deep.equal(['error', 'info']);
  });

  it('an outage like the one before, within a minute, is counted and not repeated', async () => {
    const cache = await open();
    for (let i = 0; i < 3; i++) await outage(cache);
    expect(lines.map(([level]) => level)).to.deep.equal(['info', 'error', 'info']);
    await cache.close();
    expect(lines).to.have.length(4);
    expect(lines[3]?.[1]).to.match(
      /serves again after .+\. 3 lines like this one were left out since the last\.$/,
    );
  });

  it('why, since when, what serves instead and what to do; then how long it took', async () => {
    const cache = await open();
    const before = Date.now();
    const changes: ModeChange[] = [];
    let sinceInStatus: string | undefined;
    cache.on('modechange', (change) => {
      changes.push(change);
      if (change.to === 'degraded') sinceInStatus = cache.status().since;
    });
    const startedAt = performance.now();
    await outage(cache);
    const tookMs = performance.now() - startedAt;
    const [, [, error], [, info]] = lines as [Line, Line, Line];
    const match =
      /^\[express-cache-health\] Redis \(redis:\/\/127\.0\.0\.1:\d+\) is not used since (\S+): (.+)$/.exec(
        error,
      );
    expect(Date.parse(match?.[1] ?? '')).to.be.within(before - 1, Date.now());
    expect(sinceInStatus).to.equal(match?.[1]);
    expect(match?.[2]).to.match(
      /connection was lost \([^()]+\)\. The in-memory fallback serves \(\d+ of at most 100 entries\)\. Check/,
    );
    const took = /^\[express-cache-health\] Redis \(.+\) serves again after (\d+) (ms|s)\.$/.exec(
      info,
    );
    const ms = Number(took?.[1]) * (took?.[2] === 's' ? 1_000 : 1);
    expect(ms).to.be.within(1, tookMs + 500);
    expect(changes.map(({ to }) => to)).to.deep.equal(['degraded', 'recovering', 'normal']);
  });

  it('says in read-only mode that Redis is read', async () => {
    const cache = await open();
    await stand.redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await cache.set('a', 1);
    await isDegraded(cache);
    expect(lines.at(-1)?.[1]).to.match(
      /out of memory \(.+\)\. Reads are served from Redis, writes are kept in memory\. Raise maxmemory/,
    );
  });

  it('nothing with logger: false', async () => {
    const cache = await open({ logger: false });
    await outage(cache);
    expect(lines).to.deep.equal([]);
  });

  it('nothing when the cache is closed', async () => {
    const cache = await open();
    await cache.close();
    expect(lines).to.have.length(1);
  });

  it('to the console as JSON after the sentence, in one line', async () => {
    const { info } = console;
    const printed: string[] = [];
    console.info = (...args: unknown[]) => void printed.push(format(...args));
    const { isTTY } = process.stderr;
    process.stderr.isTTY = false;
    try {
      await open({ logger: console, name: 'shop' });
      process.stderr.isTTY = true;
      await open({ logger: console });
    } finally {
      Object.assign(console, { info });
      process.stderr.isTTY = isTTY;
    }
    const [forMachines = '', forPeople = ''] = printed;
    expect(forMachines).to.not.include('\n');
    expect(JSON.parse(/\. (\{.+\})$/.exec(forMachines)?.[1] ?? '')).to.deep.equal({
      'event.provider': 'express-cache-health',
      'event.action': 'cache-started',
      'event.outcome': 'success',
      'labels.cache': 'shop',
    });
    expect(forPeople).to.match(/ serves, with the prefix '.+'\.$/);
  });

  it('to the console when there is no logger', async () => {
    const { error, info } = console;
    console.error = (line: string) => void lines.push(['error', line]);
    console.info = (line: string) => void lines.push(['info', line]);
    try {
      const cache = await open({ logger: undefined } as unknown as CacheOptions);
      await outage(cache);
    } finally {
      Object.assign(console, { error, info });
    }
    expect(lines.map(([level]) => level)).to.deep.equal(['info', 'error', 'info']);
  });

  it('keeps the methods of a logger on their object, and survives one that throws', async () => {
    class Strict {
      readonly seen: string[] = [];
      info(message: string): void {
        this.seen.push(message);
      }
      warn(): void {}
      error(message: string): void {
        this.seen.push(message);
        throw new Error('the disk is full');
      }
    }
    const strict = new Strict();
    const warned = new Promise((resolve) => process.once('warning', resolve));
    const cache = await open({ logger: strict });
    await outage(cache);
    expect(strict.seen).to.have.lengthOf(3);
    expect(await warned)
      .to.have.property('message')
      .that.matches(/the logger threw: the disk is full/);
  });
});
