import { expect } from 'chai';
import { healthRouter, isCacheHealthError } from '../../lib/index.js';

describe('the options of the health router', () => {
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['no object', 'ping', /the health router must be an object of options, got 'ping'/],
    ['an unknown option', { databse: () => 1 }, /no option 'databse'. Did you mean 'database'\?/],
    [
      'a database that is no function',
      { database: 'postgres://x' },
      /the check 'database' must be a function, or \{ check, critical, timeout \}/,
    ],
    [
      'a check without a function',
      { checks: { search: { critical: false } } },
      /check 'search'.check must be a function, got undefined/,
    ],
    ['a reserved name', { checks: { live: () => 1 } }, /name of a check/],
    ['the name of the cache', { checks: { cache: () => 1 } }, /name of a check/],
    ['a name that is a path', { checks: { 'a/b': () => 1 } }, /name of a check/],
    ['a name of every object', { checks: { constructor: () => 1 } }, /name of a check/],
    [
      'a name twice',
      { database: () => 1, checks: { database: () => 1 } },
      /two checks named 'database'/,
    ],
    [
      'names that differ by case alone',
      { checks: { search: () => 1, Search: () => 1 } },
      /two checks named 'search'/,
    ],
    ['a reserved name in capitals', { checks: { LIVE: () => 1 } }, /name of a check/],
    ['a list of checks', { checks: [() => 1] }, /an object of checks by name, got an array/],
    ['checks that are none', { checks: 'all' }, /checks must be an object of checks by name/],
    ['a name of nothing', { checks: { '': () => 1 } }, /name of a check/],
    [
      'a misspelt option of a check',
      { checks: { search: { check: () => 1, critcal: false } } },
      /no option 'critcal'. Did you mean 'critical'\?/,
    ],
    [
      'a timeout that is no duration',
      { timeout: 'soon' },
      /timeout must be a number of milliseconds or text/,
    ],
    [
      'a code that is none',
      { statusCodes: { degraded: 99 } },
      /statusCodes.degraded must be a whole number from 200 to 599/,
    ],
    [
      'an ok that is not 2xx',
      { statusCodes: { ok: 503 } },
      /statusCodes.ok must be a whole number from 200 to 299/,
    ],
    ['a state that is none', { statusCodes: { broken: 500 } }, /no option 'broken'/],
    [
      'details that are neither',
      { details: 'some' },
      /details must be true, false or 'authorized'/,
    ],
    ['authorized without authorize', { details: 'authorized' }, /authorize must be a function/],
    ['authorize without authorized', { authorize: () => true }, /authorize must be absent/],
    [
      'a cache that is none',
      { cache: {} },
      /cache must be what cacheMiddleware\(\) or createCache\(\) returned/,
    ],
  ];
  for (const [what, options, message] of wrong) {
    it(`refuse ${what}`, () => {
      try {
        healthRouter(options as never);
      } catch (error) {
        expect(isCacheHealthError(error) && error.code).to.equal('ERR_HEALTH_OPTION');
        expect((error as Error).message).to.match(message);
        return;
      }
      throw new Error('expected an error');
    });
  }

  it('may be absent', () => {
    expect(healthRouter()).to.be.a('function');
  });
});
