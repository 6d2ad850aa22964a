import { randomText } from '../../../core/random.js';
import { TOKEN_LENGTH } from '../../../entry/layout.js';

const COUNTER_LENGTH = 4;
const COUNTER_END = 36 ** COUNTER_LENGTH;

/**
 * Makes texts of ten characters that no other batch has, from a random seed and a counter. They are the tokens
 * of leases. As echoes they show that a reply belongs to its command.
 */
export class Echoes {
  #seed = '';
  #counter = COUNTER_END;

  next(): string {
    if (this.#counter === COUNTER_END) {
      this.#seed = randomText(TOKEN_LENGTH - COUNTER_LENGTH);
      this.#counter = 0;
    }
    return this.#seed + (this.#counter++).toString(36).padStart(COUNTER_LENGTH, '0');
  }
}
