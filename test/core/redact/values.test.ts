import { expect } from 'chai';
import { valueAt, withHidden } from '../../../lib/core/redact/values.js';

describe('a value behind a name', () => {
  const plain = { isInQuery: false, isWholeLine: false };
  /** What of a text that is nothing but a value and more is taken for the value. */
  const cases: readonly (readonly [text: string, value: string, context?: object])[] = [
    ['a b', 'a'],
    ['"a b" c', 'a b'],
    ["'a''b' c", "a''b"],
    ['"a\\"b" c', 'a\\"b'],
    ['"a b', 'a b'],
    ["'a' +\n  'b', c", "a' +\n  'b"],
    ['a;b=c', 'a'],
    ['a;b c', 'a;b'],
    ['a b c;d=e', 'a b c'],
    ['a&b=c', 'a&b=c'],
    ['a&b=c', 'a', { isInQuery: true }],
    ['a; b=c\nd', 'a; b=c', { isWholeLine: true }],
    ['{ a: { b: 1 } }, c', '{ a: { b: 1 } }'],
    ["{ a: '}', b: 1 } c", "{ a: '}', b: 1 }"],
    ["{ it's } c", "{ it's }"],
    ['[ 1, [ 2 ] ] c', '[ 1, [ 2 ] ]'],
    ['(a b) c', '(a b)'],
    ['{a;b}}c};d', '{a;b}}c}'],
    ['{ a', '{ a'],
    ['[a]b c', '[a]b'],
    ["Map(1) { 'a' => 'b' }, c", "Map(1) { 'a' => 'b' }"],
    ['[Object: null prototype] { a: 1 }, c', '[Object: null prototype] { a: 1 }'],
    ['<Buffer 68 75>, c', '<Buffer 68 75>'],
    ['<ref *1> { a: 1 }, c', '<ref *1> { a: 1 }'],
    ['1234,"a":1', '1234'],
    ['1234, a: 1', '1234'],
    ['1234abc', '1234abc'],
    ['null}', 'null'],
    ['|\n  a\n  b\nc: d', '|\n  a\n  b\n'],
    ['', ''],
  ];
  for (const [text, value, context] of cases) {
    it(`is ${JSON.stringify(value)} in ${JSON.stringify(text)} ${JSON.stringify(context ?? {})}`, () => {
      const { start, end } = valueAt(text, 0, { ...plain, ...context });
      expect(text.slice(start, end)).to.equal(value);
    });
  }

  it('is hidden where it stands', () => {
    const spans = [
      { start: 1, end: 2 },
      { start: 3, end: 5 },
    ];
    expect(withHidden('abcdef', spans)).to.equal('a***c***f');
    expect(withHidden('abc', [])).to.equal('abc');
  });
});
