import { expect } from 'chai';
import fc from 'fast-check';
import { compileGlob, escapeGlob } from '../../lib/core/glob.js';
import { globText, TABLE } from './globs.js';

describe('compileGlob', () => {
  for (const [pattern, matching, others] of TABLE) {
    it(`knows what ${JSON.stringify(pattern)} matches`, () => {
      const matches = compileGlob(pattern);
      expect(matching.filter((text) => !matches(text))).to.deep.equal([]);
      expect(others.filter(matches)).to.deep.equal([]);
    });
  }

  it('takes no longer for a hopeless pattern of many stars', () => {
    const matches = compileGlob(`${'a*'.repeat(100)}b`);
    expect(matches('a'.repeat(10_000))).to.equal(false);
    expect(matches(`${'a'.repeat(10_000)}b`)).to.equal(true);
  });
});

describe('escapeGlob', () => {
  it('makes a pattern that matches the text alone', () => {
    fc.assert(
      fc.property(globText(8), globText(8), (literal, other) => {
        const matches = compileGlob(escapeGlob(literal));
        expect(matches(literal)).to.equal(true);
        expect(matches(other)).to.equal(other === literal);
      }),
    );
  });

  it('leaves a pattern behind it as it is', () => {
    fc.assert(
      fc.property(globText(4), globText(8), globText(8), (prefix, pattern, text) => {
        const matches = compileGlob(escapeGlob(prefix) + pattern);
        expect(matches(prefix + text)).to.equal(compileGlob(pattern)(text));
      }),
    );
  });
});
