const PUSH = '>'.charCodeAt(0);

/**
 * Tells where one RESP2 or RESP3 reply ends and the next begins, however the stream is cut into chunks, and
 * takes whole replies out of it. What is pushed is no reply.
 */
export class ReplyScanner {
  readonly #wantsToDrop: () => boolean;
  /** Values that the reply still lacks; 0 between two replies. */
  #missing = 0;
  /** Bytes that a bulk string still lacks, its line end included. */
  #bulkLeft = 0;
  /** A line that a chunk has cut. */
  #line = '';
  #isDropping = false;

  /** `wantsToDrop` is asked once for each reply, when it begins. */
  constructor(wantsToDrop: () => boolean) {
    this.#wantsToDrop = wantsToDrop;
  }

  /** What is left of a chunk. */
  filter(chunk: Buffer): Buffer {
    const kept: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing === 0) this.#begin(chunk[at]);
      const end = this.#scan(chunk, at);
      if (!this.#isDropping) kept.push(chunk.subarray(at, end));
      at = end;
    }
    return Buffer.concat(kept);
  }

  #begin(type: number | undefined): void {
    this.#missing = 1;
    this.#isDropping = type !== PUSH && this.#wantsToDrop();
  }

  /** Goes on to the end of the reply or of the chunk. */
  #scan(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#missing > 0) {
      at = this.#bulkLeft > 0 ? this.#scanBulk(chunk, at) : this.#scanLine(chunk, at);
    }
    return at;
  }

  #scanBulk(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#bulkLeft, chunk.length - at);
    this.#bulkLeft -= taken;
    if (this.#bulkLeft === 0) this.#missing--;
    return at + taken;
  }

  #scanLine(chunk: Buffer, at: number): number {
    const feed = chunk.indexOf('\n', at);
    const end = feed === -1 ? chunk.length : feed + 1;
    this.#line += chunk.toString('latin1', at, end);
    if (feed === -1) return end;
    this.#read(this.#line);
    this.#line = '';
    return end;
  }

  #read(line: string): void {
    const length = Number(line.slice(1));
    const count = Number.isInteger(length) && length > 0 ? length : 0;
    switch (line[0]) {
      case '$':
      case '=':
      case '!':
        if (length >= 0) this.#bulkLeft = length + 2;
        else this.#missing--;
        return;
      case '*':
      case '~':
      case '>':
        this.#missing += count - 1;
        return;
      case '%':
        this.#missing += 2 * count - 1;
        return;
      case '|':
        // What it says belongs to the value that comes after it.
        this.#missing += 2 * count;
        return;
      default:
        this.#missing--;
    }
  }
}
