import { expect } from 'chai';
import fc from 'fast-check';
import { isPlainKey } from '../../../lib/cache/arguments/plain-key.js';
import { RESERVED } from '../../../lib/entry/layout.js';

describe('isPlainKey', () => {
  it('accepts what keys usually are', () => {
    for (const key of ['a', 'product:42', 'user_7:cart', '~ !', 'x'.repeat(1_024)])
      expect(isPlainKey(key, 1_024), key).to.equal(true);
  });

  it('leaves to the thorough check what may be wrong', () => {
    for (const key of [
      '',
      'x'.repeat(1_025),
      'a__b',
      RESERVED,
      'é',
      '\n',
      '\x7f',
      '\ud800',
      42,
      null,
    ])
      expect(isPlainKey(key, 1_024), String(key)).to.equal(false);
  });

  it('never accepts a reserved name, nor half of a surrogate pair', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(RESERVED, '\ud83d'), fc.string(), (a, odd, b) => {
        expect(isPlainKey(a + odd + b, 1_024)).to.equal(false);
      }),
    );
  });
});
