import { expect } from 'chai';
import { negotiate } from '../../../lib/health/http/negotiate.js';

describe('the form of an answer', () => {
  const JSON_TYPE = 'application/json; charset=utf-8';
  const cases: readonly (readonly [accept: string | undefined, type: string])[] = [
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['text/html, application/xhtml+xml', JSON_TYPE],
    ['constructor, __proto__', JSON_TYPE],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['TEXT/Plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['application/health+json', 'application/health+json'],
    ['application/json;q=0.5, text/plain', 'text/plain; charset=utf-8'],
    ['application/json, text/plain;q=0.9', JSON_TYPE],
    ['text/plain;q=0', JSON_TYPE],
    ['text/plain;q=often', 'text/plain; charset=utf-8'],
    [`${'image/png,'.repeat(1_000)}text/plain`, JSON_TYPE],
  ];
  for (const [accept, type] of cases) {
    it(`is ${type} for ${accept?.slice(0, 50)}`, () => {
      expect(negotiate(accept).contentType).to.equal(type);
    });
  }
});
