const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-';

const DIGITS = Array.from(ALPHABET, (character) => character.charCodeAt(0));

/** The two halves of the last hash: numbers, because an object would cost every read an allocation. */
let high = 0;
let low = 0;

/**
 * 48 bits of a key as eight characters, so that a reply that belongs to another key is recognised.
 * Two multiply-xor lanes with a final avalanche, after cyrb53 (bryc, public domain) and MurmurHash3's
 * finaliser (Appleby). Not cryptographic: it guards against mix-ups, not against an enemy inside Redis.
 */
export function fingerprint(key: string): string {
  hash(key);
  return String.fromCharCode(
    digit(high),
    digit(high >>> 6),
    digit(high >>> 12),
    digit(high >>> 18),
    digit(low),
    digit(low >>> 6),
    digit(low >>> 12),
    digit(low >>> 18),
  );
}

/** The same as a whole number, of 53 bits. */
export function hash53(text: string): number {
  hash(text);
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}

/** Whether the fingerprint of the key stands in the text at this place. Costs less than to make it and compare. */
export function hasFingerprint(text: string, at: number, key: string): boolean {
  hash(key);
  for (let i = 0, bits = high; i < 4; i++, bits >>>= 6) {
    if (text.charCodeAt(at + i) !== digit(bits)) return false;
  }
  for (let i = 4, bits = low; i < 8; i++, bits >>>= 6) {
    if (text.charCodeAt(at + i) !== digit(bits)) return false;
  }
  return true;
}

function hash(key: string): void {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  high = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  low = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
}

function digit(bits: number): number {
  return DIGITS[bits & 63] ?? 0;
}
