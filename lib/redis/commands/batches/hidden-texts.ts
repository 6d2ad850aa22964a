/** Texts in one argument of a command. */
export interface HiddenTexts {
  readonly texts: Buffer;
  /** The bytes of each text; '' stands for the same text as the one before. */
  readonly lengths: readonly string[];
}

function hidden(): string {
  return '?';
}

/**
 * Packs texts so that tracers do not print them. They print `toString()` of a command's arguments, and this
 * buffer returns '?'. The driver sends its bytes. It writes each buffer to the socket by itself, so one buffer
 * for all texts is much cheaper than one for each.
 */
export function hideTexts(items: readonly { readonly text: string }[]): HiddenTexts {
  const lengths: string[] = [];
  let bytes = 0;
  let last: string | undefined;
  for (const { text } of items) {
    const length = text === last ? 0 : Buffer.byteLength(text);
    lengths.push(text === last ? '' : `${length}`);
    bytes += length;
    last = text;
  }
  const texts = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const [i, { text }] of items.entries()) if (lengths[i] !== '') at += texts.write(text, at);
  texts.toString = hidden;
  return { texts, lengths };
}
