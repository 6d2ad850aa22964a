import { randomText } from '../../../core/random.js';
import { GENERATION_LENGTH } from '../../../entry/layout.js';
import type { Opening, Records } from '../../commands/records.js';
import { type Evidence, lastReign } from '../../lineage.js';
import { SETTLING_MS } from './settling.js';

const REIGN_LENGTH = 10;

/**
 * What the records show on a connection to a known life of a server (R6).
 * - `same`: the reign this process knows.
 * - `torn`: the same, and one copy of the generation is missing or older: a fence repairs it.
 * - `missing`: the record, or both copies of the generation, were evicted, and perhaps other processes have
 *   made them again.
 * - `older`: the data went back.
 */
export type Sight = 'same' | 'torn' | 'missing' | 'older';

/** The serial of `serial:random`; -1 if it cannot be read. */
export function serialOf(generation: string): number {
  const digits = /^(\d+):/.exec(generation)?.[1];
  return digits === undefined ? -1 : Number(digits);
}

function randomPart(generation: string): string {
  return generation.slice(generation.indexOf(':') + 1);
}

/** What this process remembers about the data in Redis. It knows no connection and sends nothing. */
export class DataIdentity {
  #life = '';
  #reign = '';
  #count = 0;
  #serial = -1;
  #generation: string = randomText(GENERATION_LENGTH);
  #normalIn: string | undefined;

  /** The mark that an entry must carry. Before the first connection it is this process' own. */
  get generation(): string {
    return this.#generation;
  }

  get reign(): { readonly life: string; readonly id: string } {
    return { life: this.#life, id: this.#reign };
  }

  /** The count last seen. */
  get count(): number {
    return this.#count;
  }

  get serial(): number {
    return this.#serial;
  }

  /** Whether the record of the generation holds what this process knows. */
  isGeneration(record: string): boolean {
    return serialOf(record) === this.#serial && randomPart(record) === this.#generation;
  }

  /** Whether this process has read from Redis in this life of the server. */
  wasNormalIn(life: string): boolean {
    return this.#normalIn === life;
  }

  /** Redis is read from now on. */
  becameNormal(): void {
    this.#normalIn = this.#life;
  }

  /** The arguments of OPEN. Each try has new random parts, and none comes from memory (R2). */
  opening(life: string): Opening {
    const random = randomText(GENERATION_LENGTH);
    return { life, reign: randomText(REIGN_LENGTH), random, serial: this.#serial };
  }

  /**
   * OPEN was answered, or a server that may only be read was judged: takes over reign and generation, and
   * returns the evidence to judge (R3). `joins`: the data is the same as before, though its life has another
   * name now.
   */
  opened(life: string, records: Records, joins: boolean): Evidence {
    const { chain, count } = records;
    const reign = lastReign(chain);
    const serial = serialOf(records.generation);
    const isOlderGeneration = serial < this.#serial;
    // The reign is the same, but the server lost acknowledged writes, so its life proves nothing.
    const wentBack = reign?.id === this.#reign && count < this.#count;
    if (joins && this.#normalIn === this.#life) this.#normalIn = life;
    if (wentBack) this.#normalIn = undefined;
    this.#life = life;
    this.#reign = reign?.id ?? '';
    this.#count = count;
    if (!isOlderGeneration) this.#adopt(records.generation);
    return { life: wentBack ? '' : life, chain, count, serial, isOlderGeneration };
  }

  /** Takes over records that do not go back. */
  see(records: Records): Sight {
    const serial = serialOf(records.generation);
    const isMine = this.#reign !== '' && lastReign(records.chain)?.id === this.#reign;
    if (serial >= 0 && serial < this.#serial) return 'older';
    if (isMine && records.count < this.#count) return 'older';
    if (!isMine || serial < 0) return 'missing';
    this.#count = records.count;
    this.#adopt(records.generation);
    return records.isWhole ? 'same' : 'torn';
  }

  /** A new generation was acknowledged. */
  bumped(records: Records): void {
    if (serialOf(records.generation) > this.#serial) this.#adopt(records.generation);
  }

  /**
   * Whether a server that refuses writes may be read. No process can open a reign there, so its data must be
   * that of a reign opened in this very life of the server, and it must not be older than what this process
   * remembers. That holds for a server that is full or cannot save, and for a replica whose data was not
   * replaced since its demotion.
   */
  mayRead(life: string, records: Records, serverMs: number): boolean {
    const last = lastReign(records.chain);
    // The server is empty, and this process remembers nothing that could be missing.
    if (last === undefined) return this.#reign === '';
    if (last.life !== life || serialOf(records.generation) < this.#serial) return false;
    if (last.id === this.#reign && records.count < this.#count) return false;
    return this.wasNormalIn(life) || last.openedAt + SETTLING_MS <= serverMs;
  }

  #adopt(generation: string): void {
    if (generation === '') return;
    this.#serial = serialOf(generation);
    this.#generation = randomPart(generation);
  }
}
