function hidden(): string {
  return '?';
}

/**
 * A text as an argument whose content tracers do not print: they show the text of a command's arguments,
 * and that of this buffer is '?'. The driver sends its bytes.
 */
export function hideText(text: string): Buffer {
  const bytes = Buffer.from(text);
  bytes.toString = hidden;
  return bytes;
}
