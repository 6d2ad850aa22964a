import { expect } from 'chai';
import { encodeValue } from '../../lib/entry/codec.js';
import { frozenValue, type SharedPlace } from '../../lib/entry/frozen.js';

describe('frozenValue', () => {
  it('freezes a value to its depth', () => {
    const given = { list: [{ name: 'a' }], none: null, text: 'x' };
    const value = frozenValue(encodeValue(given), 0) as typeof given;
    expect(value).to.deep.equal(given);
    for (const part of [value, value.list, value.list[0]])
      expect(Object.isFrozen(part)).to.equal(true);
    expect(() => value.list.push({ name: 'b' })).to.throw(TypeError);
  });

  it('gives all callers of one place one object, and callers without a place one each', () => {
    const text = `head${encodeValue({ a: 1 })}`;
    const place: SharedPlace = {};
    expect(frozenValue(text, 4, place)).to.equal(frozenValue(text, 4, place));
    expect(frozenValue(text, 4)).to.not.equal(frozenValue(text, 4));
  });

  it('copies what cannot be frozen', () => {
    const place: SharedPlace = {};
    const text = encodeValue({ at: new Date(0) });
    const value = frozenValue(text, 0, place) as { at: Date };
    value.at.setTime(1);
    expect(frozenValue(text, 0, place)).to.deep.equal({ at: new Date(0) });
    expect(place.shared).to.equal(undefined);
  });

  it('leaves plain texts, numbers and null as they are', () => {
    for (const value of ['x', 1, true, null]) {
      const place: SharedPlace = {};
      expect(frozenValue(encodeValue(value), 0, place)).to.equal(value);
      expect(place.shared).to.equal(undefined);
    }
  });

  it('throws for a text that is no value', () => {
    expect(() => frozenValue('jno', 0)).to.throw(SyntaxError);
  });
});
