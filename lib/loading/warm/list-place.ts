/** Where a list of hot keys is kept. */
export interface ListPlace {
  /** For messages. */
  readonly name: string;
  /** Whether it can be read now. */
  readonly isReachable: boolean;
  /** The first `maxBytes` of the text; `undefined`: there is none. Rejects if it cannot be read. */
  read(maxBytes: number): Promise<string | undefined>;
  /** Replaces the text, which lives `lifeMs` if the place can end it. Rejects if it cannot be written. */
  write(text: string, lifeMs: number): Promise<void>;
}
