/** How many slots a cluster has. */
export const SLOTS = 16_384;

/** CRC16, XMODEM: polynomial 0x1021, as Redis Cluster uses it. */
const TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** The slot of a key. Only what stands between the first `{` and the next `}` counts, unless that is nothing. */
export function slotOfKey(key: string): number {
  const open = key.indexOf('{');
  if (open >= 0) {
    const close = key.indexOf('}', open + 1);
    if (close > open + 1) return slotOfText(key.slice(open + 1, close));
  }
  return slotOfText(key);
}

function slotOfText(text: string): number {
  let crc = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Redis counts the bytes of UTF-8.
    if (code > 127) return slotOfBytes(Buffer.from(text));
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ code] as number);
  }
  return crc % SLOTS;
}

function slotOfBytes(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] as number);
  }
  return crc % SLOTS;
}
