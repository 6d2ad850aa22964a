import { expect } from 'chai';
import fc from 'fast-check';
import { CacheHealthError } from '../../lib/core/errors.js';
import {
  describe as describeValue,
  invalid,
  parseBoolean,
  parseFunction,
  parseInteger,
  parseOptions,
} from '../../lib/core/validate.js';
import { SECRETS } from '../support/secrets.js';

const MAX = { name: 'memory.max', code: 'ERR_CACHE_OPTION' } as const;

describe('invalid', () => {
  it('says what was expected, what was given, and what to do', () => {
    const error = invalid({ ...MAX, advice: 'Leave it out for 100.' }, 'a number', 'ten');
    expect(error).to.be.instanceOf(CacheHealthError);
    expect(error.code).to.equal('ERR_CACHE_OPTION');
    expect(error.message).to.equal(
      "memory.max must be a number, got 'ten'. Leave it out for 100. See express-cache-health/docs/errors.md#err_cache_option",
    );
  });

  it('needs no advice', () => {
    expect(invalid(MAX, 'a number', true).message).to.equal(
      'memory.max must be a number, got true. See express-cache-health/docs/errors.md#err_cache_option',
    );
  });
});

describe('describe', () => {
  class Shop {}
  class Order {}
  const refuse = (): never => {
    throw new Error('refused');
  };
  const refusing = new Proxy({}, { getPrototypeOf: refuse, get: refuse });
  const { proxy: revoked, revoke } = Proxy.revocable([], {});
  revoke();
  const TABLE: [value: unknown, text: string][] = [
    ['abc', "'abc'"],
    ['', "''"],
    ['a\nb\tc', "'a b c'"],
    ['x'.repeat(60), `'${'x'.repeat(60)}'`],
    ['x'.repeat(61), `'${'x'.repeat(57)}…'`],
    [`${'x'.repeat(56)}😀${'x'.repeat(9)}`, `'${'x'.repeat(56)}…'`],
    [42, '42'],
    [Number.NaN, 'NaN'],
    [-1.5, '-1.5'],
    [10n, '10n'],
    [true, 'true'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('secret'), 'a symbol'],
    [function load() {}, 'the function load'],
    [(() => () => {})(), 'a function'],
    [Shop, 'the function Shop'],
    [[1, 2], 'an array'],
    [{ password: 'x' }, 'an object'],
    [Object.create(null), 'an object'],
    [new Shop(), 'a Shop'],
    [new Order(), 'an Order'],
    [new Error('x'), 'an Error'],
    [new Map(), 'a Map'],
    [new Uint8Array(1), 'a Uint8Array'],
    [new (class {})(), 'an object'],
    [{ constructor: 'x' }, 'an object'],
    [refusing, 'an object'],
    [revoked, 'an object'],
  ];
  for (const [value, text] of TABLE) {
    it(`calls it ${JSON.stringify(text)}`, () => {
      expect(describeValue(value)).to.equal(text);
    });
  }

  it('shows no secret', () => {
    for (const { text, secret } of SECRETS) {
      expect(describeValue(text), text).to.not.contain(secret);
    }
  });

  it('takes a short line for anything', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        expect(describeValue(value)).to.match(/^[^\n\r]{1,100}$/);
      }),
    );
  });
});

describe('parseInteger', () => {
  for (const value of [1, 2, 10]) {
    it(`takes ${value} from 1 to 10`, () => {
      expect(parseInteger(MAX, value, [1, 10])).to.equal(value);
    });
  }

  for (const value of [0, 11, -1, 1.5, Number.NaN, Infinity, '5', 5n, null, undefined, [5]]) {
    it(`refuses ${describeValue(value)}`, () => {
      const message = `memory.max must be a whole number from 1 to 10, got ${describeValue(value)}.`;
      expect(() => parseInteger(MAX, value, [1, 10])).to.throw(CacheHealthError, message);
    });
  }
});

describe('parseFunction', () => {
  it('gives the function back', () => {
    const load = (): void => {};
    expect(parseFunction(MAX, load)).to.equal(load);
  });

  it('refuses anything else, with the advice', () => {
    expect(() => parseFunction(MAX, 'load', 'Pass a loader.')).to.throw(
      "memory.max must be a function, got 'load'. Pass a loader.",
    );
  });
});

describe('parseBoolean', () => {
  it('takes true and false', () => {
    expect(parseBoolean(MAX, true)).to.equal(true);
    expect(parseBoolean(MAX, false)).to.equal(false);
  });

  for (const value of ['true', 1, 0, null, undefined]) {
    it(`refuses ${describeValue(value)}`, () => {
      expect(() => parseBoolean(MAX, value)).to.throw(
        `memory.max must be true or false, got ${describeValue(value)}.`,
      );
    });
  }
});

describe('parseOptions', () => {
  interface Options {
    readonly ttl?: string;
    readonly prefix?: string;
    readonly commandTimeout?: number;
  }
  const SUBJECT = { name: 'the cache', code: 'ERR_CACHE_OPTION' } as const;
  const parse = (value: unknown): Options =>
    parseOptions<Options>(SUBJECT, value, ['ttl', 'prefix', 'commandTimeout']);

  it('takes nothing for no options', () => {
    expect(parse(undefined)).to.deep.equal({});
  });

  it('gives known options back', () => {
    const options = { ttl: '5m', prefix: 'a:', commandTimeout: undefined };
    expect(parse(options)).to.equal(options);
  });

  it('takes an object without a prototype, of a class, or of a module', async () => {
    class Config {
      ttl = '5m';
    }
    const bare = Object.assign(Object.create(null), { ttl: '5m' });
    expect(parse(bare).ttl).to.equal('5m');
    expect(parse(new Config()).ttl).to.equal('5m');
    const source: string = 'data:text/javascript,export const ttl = "5m"';
    const module: object = await import(source);
    expect(parse(module).ttl).to.equal('5m');
  });

  const NO_OPTIONS: [value: unknown, given: string][] = [
    [null, 'null'],
    ['redis://app:secret@cache.example', "'redis://***@cache.example'"],
    [5, '5'],
    [() => {}, 'a function'],
    [['ttl'], 'an array'],
    [new Map([['ttl', '5m']]), 'a Map'],
    [Promise.resolve({ ttl: '5m' }), 'a Promise'],
    [new URL('redis://cache.example'), 'a URL'],
    [new Date(0), 'a Date'],
  ];
  for (const [value, given] of NO_OPTIONS) {
    it(`refuses ${given}`, () => {
      expect(() => parse(value))
        .to.throw(CacheHealthError, `the cache must be an object of options, got ${given}.`)
        .with.property('code', 'ERR_CACHE_OPTION');
    });
  }

  const MISTAKES: [key: string, message: string][] = [
    ['tll', "the cache has no option 'tll'. Did you mean 'ttl'?"],
    ['TTL', "the cache has no option 'TTL'. Did you mean 'ttl'?"],
    ['prefx', "the cache has no option 'prefx'. Did you mean 'prefix'?"],
    ['commandTimeoutMs', "Did you mean 'commandTimeout'?"],
    ['comandTimeOut', "Did you mean 'commandTimeout'?"],
    ['colour', "the cache has no option 'colour'. Known options: ttl, prefix, commandTimeout."],
    ['a\nb c', "the cache has no option 'a b c'. Known options:"],
  ];
  for (const [key, message] of MISTAKES) {
    it(`says of ${JSON.stringify(key)} what was meant, or what there is`, () => {
      expect(() => parse({ [key]: 1 })).to.throw(CacheHealthError, message);
    });
  }

  it('refuses an unknown option whatever its value', () => {
    expect(() => parse({ colour: undefined })).to.throw("has no option 'colour'");
  });

  it('does not take what every object has for an option', () => {
    for (const key of ['constructor', 'toString', '__proto__']) {
      const options = JSON.parse(`{"${key}": 1}`);
      expect(() => parse(options), key).to.throw(`has no option '${key}'`);
    }
  });
});
