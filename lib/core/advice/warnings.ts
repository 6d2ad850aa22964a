import { withAddress } from '../errors.js';

/** The headings of docs/errors.md that explain our warnings, as they stand in an address. */
export type WarningHeading =
  | 'a-number-that-may-be-seconds'
  | 'a-key-with-undefined'
  | 'a-pattern-with-the-prefix'
  | 'a-prefix-of-another-application'
  | 'a-near-cache-without-messages'
  | 'a-health-router-without-a-path'
  | 'a-health-router-as-a-route'
  | 'a-check-that-waits-for-nothing'
  | 'a-read-that-the-key-does-not-cover'
  | 'a-hot-list-that-cannot-be-used'
  | 'an-edge-ttl-without-an-edge';

/** Says each thing once. What it says ends with the address of its heading. */
export class Warnings {
  readonly #write: (text: string, heading: WarningHeading) => void;
  readonly #said = new Set<WarningHeading>();

  constructor(write: (text: string, heading: WarningHeading) => void) {
    this.#write = write;
  }

  hasSaid(heading: WarningHeading): boolean {
    return this.#said.has(heading);
  }

  once(heading: WarningHeading, text: string): void {
    if (this.#said.has(heading)) return;
    this.#said.add(heading);
    this.#write(withAddress(text, heading), heading);
  }
}

/** For what has no logger: warnings of the process. */
export function processWarnings(): Warnings {
  return new Warnings((text) => process.emitWarning(text, 'ExpressCacheHealthWarning'));
}
