const FIRST = ' '.charCodeAt(0);
const LAST = '~'.charCodeAt(0);
const UNDERSCORE = '_'.charCodeAt(0);

/**
 * Whether it is certainly a good key, as nearly all are: printable ASCII without two underscores in a row, with which
 * every reserved name begins. One pass costs less than the checks that find out what is wrong with a key.
 */
export function isPlainKey(key: unknown, maxLength: number): boolean {
  if (typeof key !== 'string' || key.length === 0 || key.length > maxLength) return false;
  let before = 0;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code < FIRST || code > LAST || (code === UNDERSCORE && before === UNDERSCORE)) return false;
    before = code;
  }
  return true;
}
