import { expect } from 'chai';
import fc from 'fast-check';
import { CacheHealthError } from '../../../lib/core/errors.js';
import {
  type Duration,
  formatDuration,
  parseDuration,
  parseLifetime,
} from '../../../lib/core/time/duration.js';

const TTL = { name: 'ttl', code: 'ERR_CACHE_OPTION' } as const;

const YEAR = 365 * 86_400_000;

describe('parseDuration', () => {
  const GOOD: [value: Duration | string, ms: number][] = [
    [1, 1],
    [250, 250],
    [1.4, 1],
    [0.5, 1],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['0.25h', 900_000],
    ['7d', 7 * 86_400_000],
    ['3650d', 10 * YEAR],
    [' 5 m ', 300_000],
    ['007s', 7_000],
  ];
  for (const [value, ms] of GOOD) {
    it(`reads ${JSON.stringify(value)}`, () => {
      expect(parseDuration(TTL, value)).to.equal(ms);
    });
  }

  const NEITHER = /^ttl must be a number of milliseconds or text such as '30s', '5m' or '1h', got /;
  const BAD: [value: unknown, message: RegExp][] = [
    ['', /got ''\./],
    ['5', /got '5'\. Write the unit: '5ms' for milliseconds, '5s' for seconds\./],
    ['5 minutes', NEITHER],
    ['5M', NEITHER],
    ['m', NEITHER],
    ['-5s', NEITHER],
    ['.5s', NEITHER],
    ['1e3ms', NEITHER],
    ['5s5s', NEITHER],
    ['٥s', NEITHER],
    [`${'9'.repeat(400)}d`, NEITHER],
    [Number.NaN, /got NaN\. See/],
    [Number.POSITIVE_INFINITY, /got Infinity\. See/],
    [undefined, /got undefined\. See/],
    [null, /got null\. See/],
    [5n, /got 5n\. See/],
    [{ ms: 5 }, /got an object\. See/],
    [new Date(0), /got a Date\. See/],
    [0, /^ttl must be a duration from 1 ms to 10 years, got 0\. See/],
    [0.4, /got 0\.4\. See/],
    [-1, /got -1\. See/],
    ['0s', /^ttl must be a duration from 1 ms to 10 years, got '0s'\. See/],
    ['3651d', /got '3651d'\. See/],
    [10 * YEAR + 1, /^ttl must be a duration/],
  ];
  for (const [value, message] of BAD) {
    it(`refuses ${typeof value === 'string' ? JSON.stringify(value.slice(0, 20)) : String(value)}`, () => {
      expect(() => parseDuration(TTL, value))
        .to.throw(CacheHealthError, message)
        .with.property('code', 'ERR_CACHE_OPTION');
    });
  }

  it('takes what is at least the given minimum', () => {
    expect(parseDuration(TTL, 0, 0)).to.equal(0);
    expect(parseDuration(TTL, '0s', 0)).to.equal(0);
    expect(Object.is(parseDuration(TTL, -0.2, 0), 0), 'never -0').to.equal(true);
    expect(parseDuration(TTL, 100, 100)).to.equal(100);
    expect(() => parseDuration(TTL, 99, 100)).to.throw(
      'a duration from 100 ms to 10 years, got 99',
    );
  });

  it('says of every number and unit the same as their product', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_650 }), unit, (count, name) => {
        expect(parseDuration(TTL, `${count}${name}`)).to.equal(count * units[name]);
      }),
    );
  });
});

describe('parseLifetime', () => {
  const TABLE: [value: unknown, ms: number | undefined][] = [
    [1_000, 1_000],
    [999.6, 1_000],
    ['1.5s', 1_500],
    [0.5, 1],
    [0.4, undefined],
    [0, undefined],
    ['0s', undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [11 * YEAR, 10 * YEAR],
    ['4000d', 10 * YEAR],
  ];
  for (const [value, ms] of TABLE) {
    it(`reads ${typeof value === 'string' ? `'${value}'` : value} as ${ms ?? 'no lifetime'}`, () => {
      expect(parseLifetime(TTL, value)).to.equal(ms);
    });
  }

  for (const value of ['5 minutes', '-1s', '', undefined, null, true]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      expect(() => parseLifetime(TTL, value)).to.throw(CacheHealthError, /^ttl must be/);
    });
  }
});

describe('formatDuration', () => {
  const TABLE: [ms: number, text: string][] = [
    [0, '0 ms'],
    [0.4, '0 ms'],
    [850.4, '850 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1_000, '1 s'],
    [12_345, '12 s'],
    [119_400, '119 s'],
    [119_600, '2 min'],
    [300_000, '5 min'],
    [119 * 60_000, '119 min'],
    [7_199_999, '2 h'],
    [7_200_000, '2 h'],
    [48 * 3_600_000, '48 h'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NaN, 'NaN'],
  ];
  for (const [ms, text] of TABLE) {
    it(`says ${text} of ${ms}`, () => {
      expect(formatDuration(ms)).to.equal(text);
    });
  }
});
