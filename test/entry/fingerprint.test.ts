import { expect } from 'chai';
import fc from 'fast-check';
import { fingerprint, hasFingerprint } from '../../lib/entry/fingerprint.js';

/** What entries in Redis hold. */
const KNOWN = ['3rdwtnyY', '1_Nncj27', 'KG9pnBhH', 'UggD9XXH'];

describe('the fingerprint of a key', () => {
  it('is what it was in earlier releases', () => {
    expect(['', 'a', 'product:42', 'ключ'].map(fingerprint)).to.deep.equal(KNOWN);
  });

  it('is found in a text at its place, and only there', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ maxLength: 9 }), (key, before) => {
        const text = `${before}${fingerprint(key)}rest`;
        expect(hasFingerprint(text, before.length, key)).to.equal(true);
        expect(hasFingerprint(text, before.length + 1, key)).to.equal(false);
        expect(hasFingerprint(text, before.length, `${key}x`)).to.equal(false);
      }),
    );
  });

  it('is missed if one character is another', () => {
    const text = fingerprint('product:42');
    for (let i = 0; i < text.length; i++) {
      const odd = `${text.slice(0, i)}!${text.slice(i + 1)}`;
      expect(hasFingerprint(odd, 0, 'product:42'), odd).to.equal(false);
    }
    expect(hasFingerprint(text.slice(1), 0, 'product:42')).to.equal(false);
  });
});
