import fc from 'fast-check';

/** What Redis says of a pattern: the texts that match it, and texts that do not. */
export const TABLE: [pattern: string, matching: string[], others: string[]][] = [
  ['products:*', ['products:', 'products:1', 'products:1:*'], ['product:1', 'xproducts:1']],
  ['*', ['', 'a', 'ä\n'], []],
  ['**', ['', 'ab'], []],
  ['a?c', ['abc', 'a?c', 'a*c'], ['ac', 'abbc']],
  ['*b*', ['b', 'abc', 'bb'], ['', 'ac']],
  ['*a', ['a', 'aa', 'ba'], ['ab', '']],
  ['a*b*c', ['abc', 'a1b2c', 'abcbc'], ['acb', 'ab']],
  ['A', ['A'], ['a']],
  // Sets
  ['user:[ab]', ['user:a', 'user:b'], ['user:', 'user:c', 'user:ab']],
  ['[^ab]', ['c', '^'], ['a', 'b', '', 'cc']],
  ['[a-c]', ['a', 'b', 'c'], ['d', '-']],
  ['[c-a]', ['a', 'b', 'c'], ['d', '-']],
  ['[]a]', [], ['a', ']', 'a]']],
  ['[]', [], ['', '[]']],
  ['[^]', ['a', ']'], ['', 'ab']],
  ['[\\]]', [']'], ['\\', '\\]']],
  ['[\\a-c]', ['a', '-', 'c'], ['b', '\\']],
  // The range swallows the bracket, so the set has no end.
  ['[a-]', ['a', ']', '^'], ['-', 'b', '[a-]']],
  ['[ab', ['a', 'b'], ['[ab', 'c', '']],
  ['[a-', ['a', '-'], ['b']],
  ['[', [], ['[', '']],
  ['[^', ['a'], ['', 'ab']],
  ['[a\\', ['a', '\\'], ['b']],
  // Escapes
  ['\\*', ['*'], ['a', '\\*', '']],
  ['\\a\\\\', ['a\\'], ['\\a\\', 'a']],
  ['a\\', ['a\\'], ['a']],
  // Bytes, not characters
  ['a??c', ['abbc', 'aéc'], ['abc', 'a€c']],
  ['a*é', ['aé', 'aäé'], ['aä', 'é']],
  ['[é]', [], ['é', 'ä']],
  ['[é][é]', ['é'], ['ä', 'e']],
  ['[à-é]?', ['à', 'é'], ['ab', 'a']],
  ['😀?*', ['😀!'], ['😀', '😁!']],
];

export function globText(maxLength: number): fc.Arbitrary<string> {
  const unit = fc.constantFrom(...'aaabbbc***??[[]]^-\\éä😀');
  return fc.string({ unit, maxLength });
}
