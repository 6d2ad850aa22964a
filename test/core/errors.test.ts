import { expect } from 'chai';
import { CacheHealthError, isCacheHealthError } from '../../lib/core/errors.js';

describe('CacheHealthError', () => {
  it('is an Error with a code, a name and a cause', () => {
    const cause = new Error('why');
    const error = new CacheHealthError('ERR_CACHE_KEY', 'the key is wrong', { cause });
    expect(error).to.be.instanceOf(Error);
    expect(error.code).to.equal('ERR_CACHE_KEY');
    expect(error.cause).to.equal(cause);
    expect(String(error)).to.equal(
      'CacheHealthError: the key is wrong. See express-cache-health/docs/errors.md#err_cache_key',
    );
    expect(error.stack).to.contain('errors.test');
  });

  it('has no cause unless it is given one', () => {
    expect(new CacheHealthError('ERR_CACHE_KEY', 'x')).to.not.have.property('cause');
  });
});

describe('isCacheHealthError', () => {
  it('knows its own', () => {
    expect(isCacheHealthError(new CacheHealthError('ERR_HEALTH_OPTION', 'x'))).to.equal(true);
  });

  it('knows those of another copy of the package', () => {
    const path = require.resolve('../../lib/core/errors.js');
    const original = require.cache[path];
    delete require.cache[path];
    const copy = require(path) as typeof import('../../lib/core/errors.js');
    require.cache[path] = original;
    const error = new copy.CacheHealthError('ERR_CACHE_VALUE', 'x');
    expect(error).to.not.be.instanceOf(CacheHealthError);
    expect(isCacheHealthError(error)).to.equal(true);
  });

  const OTHERS: [title: string, value: unknown][] = [
    ['another error', new Error('x')],
    ['an error with a code', Object.assign(new Error('x'), { code: 'ERR_CACHE_KEY' })],
    ['an error of that name', Object.assign(new Error('x'), { name: 'CacheHealthError' })],
    ['what only looks like one', { name: 'CacheHealthError', code: 'ERR_CACHE_KEY', message: 'x' }],
    ['nothing', undefined],
    ['null', null],
  ];
  for (const [title, value] of OTHERS) {
    it(`does not take ${title} for one`, () => {
      expect(isCacheHealthError(value)).to.equal(false);
    });
  }
});
