const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-';

const DIGITS = Array.from(ALPHABET, (character) => character.charCodeAt(0));

/**
 * 48 bits of a key as eight characters, so that a reply that belongs to another key is recognised.
 * Two multiply-xor lanes with a final avalanche, after cyrb53 (bryc, public domain) and MurmurHash3's
 * finaliser (Appleby). Not cryptographic: it guards against mix-ups, not against an enemy inside Redis.
 */
export function fingerprint(key: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return String.fromCharCode(
    digit(a),
    digit(a >>> 6),
    digit(a >>> 12),
    digit(a >>> 18),
    digit(b),
    digit(b >>> 6),
    digit(b >>> 12),
    digit(b >>> 18),
  );
}

function digit(bits: number): number {
  return DIGITS[bits & 63] ?? 0;
}
