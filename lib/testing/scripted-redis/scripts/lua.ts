const DECIMAL = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;
const HEXADECIMAL = /^\s*([-+]?)0x([0-9a-f]+)\s*$/i;
const INFINITE = /^\s*([-+]?)inf(?:inity)?\s*$/i;
const NO_NUMBER = /^\s*[-+]?nan\s*$/i;

/** Lua's `tonumber` of a text; `undefined` where it gives nil. */
export function toNumber(text: string): number | undefined {
  const read = beforeNul(text);
  if (DECIMAL.test(read)) return Number(read);
  const hexadecimal = HEXADECIMAL.exec(read);
  if (hexadecimal !== null) {
    const value = Number.parseInt(hexadecimal[2] ?? '', 16);
    return hexadecimal[1] === '-' ? -value : value;
  }
  const infinite = INFINITE.exec(read);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return NO_NUMBER.test(read) ? Number.NaN : undefined;
}

const BASE_16 = /^\s*([-+]?)(?:0x(?=[0-9a-f]))?([0-9a-f]+)\s*$/i;
const BASE_36 = /^\s*([-+]?)([0-9a-z]+)\s*$/i;

/** Lua's `tonumber` with a base: `strtoul` of C, by which a negative number is counted from 2^64 down. */
export function toNumberOfBase(text: string, base: 16 | 36): number | undefined {
  const match = (base === 16 ? BASE_16 : BASE_36).exec(beforeNul(text));
  if (match === null) return undefined;
  const value = Math.min(Number.parseInt(match[2] ?? '', base), 2 ** 64);
  return match[1] === '-' && value !== 0 ? 2 ** 64 - value : value;
}

/** `string.format('%.0f', …)`: halves go to the even neighbour. */
export function whole(value: number): string {
  const rounded = Math.round(value);
  const isHalf = Math.abs(value % 1) === 0.5;
  return `${isHalf && rounded % 2 !== 0 ? rounded - 1 : rounded}`;
}

/** `string.format('%0<width>.0f', …)`. */
export function padded(value: number, width: number): string {
  return whole(value).padStart(width, '0');
}

/** C reads a text up to its first NUL. */
function beforeNul(text: string): string {
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}
