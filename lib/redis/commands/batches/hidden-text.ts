function hidden(): string {
  return '?';
}

/**
 * Wraps a text so that tracers do not print it. They print `toString()` of a command's arguments, and this
 * buffer returns '?'. The driver sends its bytes.
 */
export function hideText(text: string): Buffer {
  const bytes = Buffer.from(text);
  bytes.toString = hidden;
  return bytes;
}
