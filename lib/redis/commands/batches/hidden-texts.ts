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
 *
 * `most`: as many bytes as the texts have at most, if that is known already. To count them costs as much as to write them.
 */
export function hideTexts(
  items: readonly { readonly text: string }[],
  most: number = bytesIn(items),
): HiddenTexts {
  const lengths: string[] = [];
  const room = Buffer.allocUnsafe(most);
  let at = 0;
  let last: string | undefined;
  for (const { text } of items) {
    const length = text === last ? 0 : room.write(text, at);
    lengths.push(text === last ? '' : `${length}`);
    at += length;
    last = text;
  }
  const texts = at === most ? room : room.subarray(0, at);
  texts.toString = hidden;
  return { texts, lengths };
}

function bytesIn(items: readonly { readonly text: string }[]): number {
  return items.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}
