/**
 * A text that is stored and read back as it is, without JSON around it. A stored response is one: its body goes
 * to the socket without being parsed.
 */
export class RawText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
