import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { DEFAULTS } from '../../lib/cache/options.js';
import { parseCacheOptions } from '../../lib/cache/parse-options.js';
import { logFields } from '../../lib/core/diagnostics/log-fields.js';

const SWITCH = 'EXPRESS_CACHE_HEALTH';

describe('the options of a cache, read once', () => {
  let before: string | undefined;
  beforeEach(() => {
    before = process.env[SWITCH];
    delete process.env[SWITCH];
  });
  afterEach(() => {
    if (before === undefined) delete process.env[SWITCH];
    else process.env[SWITCH] = before;
  });

  it('are frozen and complete', () => {
    const config = parseCacheOptions({ redis: false });
    expect(Object.isFrozen(config)).to.equal(true);
    expect(config).to.deep.include({
      prefix: 'cache:',
      commandTimeoutMs: 100,
      outageTtlMs: 30_000,
      memory: { max: 100, maxBytes: 16_777_216 },
      journalMax: 10_000,
      maxValueBytes: 33_554_432,
      isEnabled: true,
      disabledBy: undefined,
    });
    expect(config.load).to.deep.include({ ttlMs: 300_000, graceMs: 0, loaderTimeoutMs: 60_000 });
  });

  it('take `undefined` as absent, everywhere', () => {
    const nothing = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, undefined]));
    const plain = { redis: false, logger: false };
    const expected = parseCacheOptions(plain);
    expect(parseCacheOptions({ ...nothing, ...plain })).to.deep.equal(expected);
    const nested = {
      memory: { max: undefined, maxBytes: undefined, outageTtl: undefined },
      journal: { max: undefined },
    };
    expect(parseCacheOptions({ ...plain, ...nested })).to.deep.equal(expected);
  });

  it('take `null` as a mistake', () => {
    for (const name of [...Object.keys(DEFAULTS), 'logger', 'redis']) {
      expect(() => parseCacheOptions({ redis: false, [name]: null }), name).to.throw(/got null/);
    }
  });

  const WRONG: readonly (readonly [object, RegExp])[] = [
    [{ maxValueBytes: 0 }, /^maxValueBytes must be a whole number from 1 to 536870912, got 0/],
    [{ maxValueBytes: '1mb' }, /^maxValueBytes must be/],
    [{ enabled: 'no' }, /^enabled must be true or false, got 'no'/],
    [{ maxConcurrentLoads: 0 }, /^maxConcurrentLoads must be a whole number from 1/],
    [{ prefix: 'a__ech:b' }, /^prefix must be a text without '__ech:'/],
    [{ enable: false }, /Did you mean 'enabled'/],
  ];
  for (const [options, message] of WRONG) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(() => parseCacheOptions({ redis: false, ...options })).to.throw(message);
    });
  }

  it('refuse an object of some class, and name the class', () => {
    class Wrapper {}
    for (const given of [new Wrapper(), new (class extends Wrapper {})(), new Map(), /x/]) {
      expect(() => parseCacheOptions(given)).to.throw(/^the cache must be an object of options/);
    }
    expect(() => parseCacheOptions(new Wrapper())).to.throw(/got a Wrapper\. Pass a plain object/);
  });

  it('take plain objects of every kind', () => {
    const inherited = Object.create({ redis: false }) as object;
    const foreign = runInNewContext('({ redis: false })') as object;
    const bare = Object.assign(Object.create(null), { redis: false }) as object;
    for (const given of [inherited, foreign, bare]) {
      expect(parseCacheOptions(given).redis).to.equal(undefined);
    }
  });

  it('switch the cache off by option', () => {
    const config = parseCacheOptions({ enabled: false, redis: 'redis://localhost' });
    expect(config).to.include({ isEnabled: false, disabledBy: 'enabled: false' });
    expect(config).to.include({ redis: undefined, memory: undefined });
  });

  for (const text of ['off', 'OFF', ' off ', 'false', '0']) {
    it(`switch the cache off by ${SWITCH}='${text}', whatever the options say`, () => {
      process.env[SWITCH] = text;
      const config = parseCacheOptions({ enabled: true });
      expect(config.isEnabled).to.equal(false);
      expect(config.disabledBy).to.match(/^EXPRESS_CACHE_HEALTH=/);
    });
  }

  it('do not look where Redis is when the cache is switched off', () => {
    process.env[SWITCH] = 'off';
    expect(parseCacheOptions({ redis: 'not an address' }).redis).to.equal(undefined);
  });

  it('leave the cache on otherwise, and refuse any other value', () => {
    for (const text of ['', 'on', 'true', '1']) {
      process.env[SWITCH] = text;
      expect(parseCacheOptions({ redis: false }).isEnabled, text).to.equal(true);
      expect(parseCacheOptions({ enabled: false }).isEnabled, text).to.equal(false);
    }
    process.env[SWITCH] = 'of';
    expect(() => parseCacheOptions({})).to.throw(
      "EXPRESS_CACHE_HEALTH must be 'on' or 'off', got 'of'",
    );
  });

  it('name the package at the beginning of each line that is logged', () => {
    const lines: string[] = [];
    const say = (line: string): number => lines.push(line);
    const { logger } = parseCacheOptions({
      redis: false,
      logger: { info: say, warn: say, error: say },
    });
    logger.warn('a', logFields('shop', { 'event.action': 'advice', 'event.outcome': 'unknown' }));
    expect(lines).to.deep.equal(['[express-cache-health] a']);
  });
});
